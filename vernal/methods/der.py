"""Dark experience replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor
from torch.nn import functional as F

from vernal.base import check_range
from vernal.memory import Policy, make_policy
from vernal.methods.checks import check_replay
from vernal.methods.method import Method, Step


@dataclass
class DER(Method):
    r"""Replay the logits that the model gave when a row was stored [1]_.

    With the new batch :math:`(x, y)`, and a draw :math:`(x', z')` from memory, where :math:`z'` are the logits at
    storing time,

    .. math::
        \ell(f(x), y) + \alpha \, \lVert f(x') - z' \rVert_2^2 .

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows replayed a step, at least 1, on top of the new batch.
        alpha: weight of the logits, at least 0. More forgets less and adapts slower.
        selection: which rows are kept: ``reservoir``, a uniform sample of all that was seen; ``balanced``, as many of
            every class; ``window``, the latest.

    Deviations:
        The squared norm is averaged over classes, as in the authors' code, not summed as in the paper. A row is
        stored at the end of its update, with the logits of the finished model, not in the middle of training.

    References:
        .. [1] P. Buzzega et al. Dark experience for general continual learning: a strong, simple baseline.
           NeurIPS 2020. https://arxiv.org/abs/2004.07211
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    alpha: float = 0.3
    selection: Literal["reservoir", "balanced", "window"] = "reservoir"

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)
        check_range("alpha", self.alpha, 0)

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def loss(self, step: Step) -> Tensor:
        """The loss on the new batch, and the distance to the stored logits."""
        if not len(step.memory):
            return step.criterion(step.logits, step.y)
        old = step.memory.draw(self.memory_batch)
        logits, old_logits = step.forward(step.x, old["x"])
        return step.criterion(logits, step.y) + self.alpha * F.mse_loss(old_logits, old["z"].to(old_logits.dtype))

    def keep(self, model: Callable[[Any], Any], x: Any) -> dict[str, Tensor]:
        """The logits."""
        return {"z": model(x)}
