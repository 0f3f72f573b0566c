"""Learning without forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from vernal.base import check_range
from vernal.methods.card import Card
from vernal.methods.method import Method
from vernal.methods.step import Setting, Step
from vernal.space import loguniform
from vernal.tasks import Task


@dataclass
class LwF(Method):
    r"""Let the champion teach the classes that it knows, while the model learns from new rows [1]_ [2]_.

    The form for one head, as in [2]_. With the champion :math:`f^*`, the temperature `T`, and the distance `d` of the
    task (for classes the Kullback-Leibler divergence, times :math:`T^2`),

    .. math::
        \ell(f(x), y) + \alpha \, d\big(f(x), f^*(x); T\big) ,

    where `d` compares only the classes that earlier updates brought: what the champion says about others, the untrained
    rows of a classifier that has just grown among them, is noise. Where another method trained the champion, nobody
    knows which classes there were, and all count that it has outputs for.

    It keeps no rows: the new rows alone show what the champion knew, so it helps as far as they resemble the old ones,
    and for pretrained models; where every update brings classes of its own, it is hardly better than fine-tuning.

    Args:
        alpha: weight of the distance, at least 0. More forgets less and adapts slower.
        temperature: `T`, at least 0.01; more compares also what the champion finds unlikely.

    Deviations:
        The loss on new rows is over all classes, old and new, as there is one head for all. The weights of new classes
        are not trained alone first. Where every task has a head (`vernal.models.MultiHead`), a newly made one
        is matched as if it had learned: use another method there. Other tasks than classification are compared by their
        own distance.

    References:
        .. [1] Z. Li, D. Hoiem. Learning without forgetting. TPAMI 2017. https://arxiv.org/abs/1606.09282
        .. [2] S.-A. Rebuffi et al. iCaRL: incremental classifier and representation learning. CVPR 2017.
           https://arxiv.org/abs/1611.07725
    """

    alpha: float = 1.0
    temperature: float = 2.0

    card = Card(
        when="New rows resemble the old ones, and none may be kept. It hardly helps with new classes.",
        keeps="which classes there were",
        forward=2.0,
        once="a walk through the labels",
        group="regularisation",
    )
    space = {"alpha": loguniform(0.1, 10), "temperature": loguniform(1, 8)}

    def __post_init__(self) -> None:
        check_range("alpha", self.alpha, 0)
        check_range("temperature", self.temperature, 0.01)
        self._seen = torch.zeros(0, dtype=torch.bool)  # (C,): which classes earlier updates brought

    def loss(self, step: Step) -> Tensor:
        """The loss on the new batch, and the distance to what the champion says to it."""
        loss = step.criterion(step.logits, step.y)
        if step.champion is None or not self.alpha:
            return loss
        taught = self._taught(step.task, step.taught(step.x))
        return loss + self.alpha * step.task.distance(step.logits, taught, self.temperature).mean()

    def end(self, setting: Setting) -> None:
        """Take down which classes this update brought."""
        if not setting.task.classes:
            return
        self._seen = self._seen.cpu() if len(self._seen) else _known_to_champion(setting)
        for _, y in setting.batches():
            labels = y.long()  # Of bytes, -1 would be 255.
            labels = labels[(labels >= 0) & (labels != getattr(setting.task, "ignore", -1))].unique().cpu()
            more = int(labels.max()) + 1 - len(self._seen) if len(labels) else 0
            self._seen = F.pad(self._seen, (0, max(0, more))).index_fill(0, labels, True)

    def _taught(self, task: Task, outputs: Any) -> Any:
        """What the champion says, NaN for classes that it does not know.

        All of it counts where there are no classes, where one logit stands for two, and where another method trained
        the champion, so that nobody knows which classes there were.
        """
        if not len(self._seen):
            return outputs
        scores = task.scores(outputs)
        classes = scores.shape[task.class_dim] if scores.ndim > task.class_dim else 1
        if classes < len(self._seen):
            return outputs
        self._seen = self._seen.to(scores.device)
        shape = [classes if dim == task.class_dim % scores.ndim else 1 for dim in range(scores.ndim)]
        return scores.where(F.pad(self._seen, (0, classes - len(self._seen))).view(shape), torch.nan)

    def state_dict(self) -> dict[str, Any]:
        """Which classes there were."""
        return {"seen": self._seen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        self._seen = state["seen"]


def _known_to_champion(setting: Setting) -> Tensor:
    """Which classes a champion has outputs for that another method trained, ``(C,)``; none without a champion."""
    nothing = torch.zeros(0, dtype=torch.bool)
    if setting.champion is None:
        return nothing
    with torch.no_grad():
        x, _ = next(setting.batches())
        scores = setting.task.scores(setting.champion(x))
    if scores.ndim < 2:
        return nothing
    return torch.isfinite(scores.movedim(setting.task.class_dim, -1)).flatten(0, -2).any(0).cpu()
