"""Fine-tuning."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.methods.card import Card
from vernal.methods.method import Method


@dataclass
class FineTune(Method):
    r"""Train on the new chunk alone, from the champion's weights.

    .. math::
        \ell(f(x), y).

    The lower bound: it adapts best and forgets most. Right where the past is of no use any more.
    """

    card = Card(when="Where the past is of no use any more; else as the lower bound.", group="baseline")
