"""Repeated distillation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vernal.memory import Policy, Selection, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_replay
from vernal.methods.components import double_distillation, lowest_where_unknown
from vernal.methods.method import Method
from vernal.methods.step import Setting, Stage, Step
from vernal.models import Shadow
from vernal.space import lograndint

EXPERT, CONSOLIDATE = "expert", "consolidate"


@dataclass
class RD(Method):
    r"""Train an expert on the new chunk alone; then distil the expert and the champion into one model [1]_.

    Half of an update trains a fresh model on the chunk, the expert. The other half trains one more fresh model without
    labels: on new rows it learns what the expert says, on rows from memory what the champion says. With :math:`z` the
    logits of the teacher of the row, and :math:`\bar z` their mean,

    .. math::
        \frac{1}{2 C} \sum_{c=1}^{C} \big(f_c(x) - (z_c(x) - \bar z(x))\big)^2 .

    Centred, the logits of networks that were trained apart can be compared. A class that came after the champion gets
    the lowest of its logits: a row from memory is of an earlier one.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows replayed a step, at least 1, on top of the new batch.
        selection: which rows are kept: ``reservoir``, a uniform sample of all that was seen; ``balanced``, as many of
            every class; ``window``, the latest; or, as many of every class: ``gradient_matching`` and
            ``herding``, rows that stand for the others, better where few are kept; ``k_center``, outliers as well.

    Deviations:
        In the paper, rows of neither teacher are used, so that both speak about every row, each for its own classes, of
        which none comes back. One teacher for each row, as here, is Renate's. Renate consolidates on memory alone; here
        new rows count as well.

    References:
        .. [1] J. Zhang et al. Class-incremental learning via deep model consolidation. WACV 2020.
           https://arxiv.org/abs/1903.07864
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    selection: Selection = "reservoir"

    card = Card(
        when="Where every chunk is large enough to train a model on it alone.",
        keeps="rows",
        tasks=("classification",),
        forward=2.5,
        backward=1.5,
        group="replay",
    )
    space = {"memory_batch": lograndint(16, 128)}

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)
        self._stage = EXPERT
        self._expert = Shadow()

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def stages(self, first: bool) -> tuple[Stage, ...]:
        """An expert and a consolidation; in a first update the expert is all there is."""
        return (Stage(EXPERT),) if first else (Stage(EXPERT, 0.5), Stage(CONSOLIDATE, 0.5))

    def enter(self, stage: Stage) -> None:
        """Remember which it is."""
        self._stage = stage.name

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:
        """A fresh model, for the expert and for the student."""
        if self._stage == CONSOLIDATE and not self._expert.is_attached:
            self._expert.attach(champion)  # An interrupted update goes on: the expert's weights are loaded next.
        return fresh()

    def loss(self, step: Step) -> Tensor:
        """The loss of the expert on the new batch; that of the student on all rows of the step."""
        if self._stage == EXPERT:
            return step.criterion(step.logits, step.y)
        champion = step.champion
        assert champion is not None, "a first update has nothing to consolidate"
        rows = [(step.x, step.model.beside(self._expert.module))]
        if len(step.memory):
            rows.append((step.memory.draw(self.memory_batch)["x"], champion))
        outputs = step.forward(*(x for x, _ in rows))
        losses = [
            double_distillation(step.task.scores(said), lowest_where_unknown(step.task.scores(teacher(x))))
            for said, (x, teacher) in zip(outputs, rows, strict=True)
        ]
        return torch.cat(losses).mean()

    def end(self, setting: Setting) -> None:
        """The expert is kept for the consolidation; then it has done its work."""
        self._expert = Shadow()
        if self._stage == EXPERT and setting.old is not None:
            self._expert.attach(setting.model.module)

    def state_dict(self) -> dict[str, Any]:
        """The expert, while there is one."""
        return {"expert": self._expert.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        self._expert.load_state_dict(state["expert"])
