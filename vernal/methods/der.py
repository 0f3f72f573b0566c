"""Dark experience replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vernal.base import check_range
from vernal.memory import Policy, Selection, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_replay
from vernal.methods.method import Method
from vernal.methods.step import Network, Step
from vernal.space import lograndint, loguniform
from vernal.tasks import mean_squared_error


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
            every class; ``window``, the latest; or, as many of every class: ``gradient_matching`` and
            ``herding``, rows that stand for the others, better where few are kept; ``k_center``, outliers as well.

    Deviations:
        The squared norm is averaged over classes, as in the authors' code, not summed as in the paper. A row is
        stored at the end of its update, with the logits of the finished model, not in the middle of training. Of a
        class that came later than the row, nothing is known, and nothing is matched.

    References:
        .. [1] P. Buzzega et al. Dark experience for general continual learning: a strong, simple baseline.
           NeurIPS 2020. https://arxiv.org/abs/2004.07211
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    alpha: float = 0.3
    selection: Selection = "reservoir"

    card = Card(
        when="Where old labels may be wrong, and the answers of the model itself are good.",
        keeps="rows and outputs",
        forward=2.0,
        backward=2.0,
        group="replay",
    )
    space = {"alpha": loguniform(0.03, 3), "memory_batch": lograndint(16, 128)}

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
        drift = mean_squared_error(step.task.scores(old_logits), old["z"], step.task.class_dim)
        return step.criterion(logits, step.y) + self.alpha * drift

    def keep(self, model: Network, x: Any) -> dict[str, Tensor]:
        """The logits, or whatever the model gives."""
        return {"z": model.scores(x)}
