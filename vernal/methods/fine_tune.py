"""Fine-tuning."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vernal.methods.method import Method, Step


@dataclass
class FineTune(Method):
    r"""Train on the new chunk alone, from the champion's weights.

    .. math::
        \ell(f(x), y).

    The lower bound: it adapts best and forgets most. Right where the past is of no use any more.
    """

    def loss(self, step: Step) -> Tensor:
        """The loss on the new batch."""
        return step.criterion(step.logits, step.y)
