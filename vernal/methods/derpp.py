"""Dark experience replay++."""

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
class DERpp(Method):
    r"""Replay labels, and the logits that the model gave when a row was stored [1]_.

    With the new batch :math:`(x, y)` and two draws from memory, :math:`(x', z')` and :math:`(x'', y'')`, where
    :math:`z'` are the logits at storing time,

    .. math::
        \ell(f(x), y) + \alpha \, \lVert f(x') - z' \rVert_2^2 + \beta \, \ell(f(x''), y'') .

    The best simple method for classification with a small memory; it costs one more draw a step than replay.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows in each of the two draws, at least 1, on top of the new batch.
        alpha: weight of the logits, at least 0.
        beta: weight of the labels, at least 0.
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
    alpha: float = 0.1
    beta: float = 0.5
    selection: Selection = "reservoir"

    card = Card(
        when="For a small memory; the best simple method for images.",
        keeps="rows and outputs",
        forward=3.0,
        backward=3.0,
        group="replay",
    )
    space = {"alpha": loguniform(0.03, 3), "beta": loguniform(0.1, 3), "memory_batch": lograndint(16, 128)}

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)
        check_range("alpha", self.alpha, 0)
        check_range("beta", self.beta, 0)

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def loss(self, step: Step) -> Tensor:
        """The loss on the new batch, the distance to the stored logits, and the loss on the stored labels."""
        if not len(step.memory):
            return step.criterion(step.logits, step.y)
        a, b = step.memory.draw(self.memory_batch), step.memory.draw(self.memory_batch)
        logits, a_logits, b_logits = step.forward(step.x, a["x"], b["x"])
        drift = mean_squared_error(step.task.scores(a_logits), a["z"], step.task.class_dim)
        return step.criterion(logits, step.y) + self.alpha * drift + self.beta * step.criterion(b_logits, b["y"])

    def keep(self, model: Network, x: Any) -> dict[str, Tensor]:
        """The logits, or whatever the model gives."""
        return {"z": model.scores(x)}
