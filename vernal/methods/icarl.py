"""Incremental classifier and representation learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.memory import Policy, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_one_score_a_class, check_replay
from vernal.methods.closed_form import CosineScores, OnFeatures, chance, check_one_head, check_unchanged
from vernal.methods.method import Method
from vernal.methods.step import Setting, Step
from vernal.models import ClassStatistics, Features
from vernal.space import lograndint


@dataclass
class ICaRL(Method):
    r"""Learn features by labels and distillation, and predict the class whose stored rows have the nearest mean [1]_.

    With features :math:`\varphi(x)`, the input of the classifier, divided by their length, and the rows :math:`P_c` of
    class :math:`c` in memory, the prediction is

    .. math::
        \arg\min_c \; \lVert \varphi(x) - \mu_c \rVert , \qquad
        \mu_c \propto \frac{1}{|P_c|} \sum_{p \in P_c} \varphi(p) .

    The network learns from the chunk and the memory together. With :math:`g_c = \sigma(f_c)`, the classes :math:`N`
    of the chunk, the earlier classes :math:`O` that are not among them, and the champion's :math:`q_c`, a row costs

    .. math::
        - \sum_{c \in N} \bigl( [y = c] \log g_c(x) + [y \ne c] \log (1 - g_c(x)) \bigr)
        - \sum_{c \in O} \bigl( q_c(x) \log g_c(x) + (1 - q_c(x)) \log (1 - g_c(x)) \bigr) .

    Means do not favour new classes as a classifier does that saw few old rows. Rows are chosen by
    `vernal.memory.Herding`, so that few have the mean of all. Right for classes that come in groups, with a memory of a
    few rows each and long training: with few epochs, and with many stored rows, `vernal.methods.ER` learns more.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows replayed a step, at least 1, on top of the new batch.
        head: the name of the classifier, whose input is the feature; None to find it: the last linear layer.

    Attributes:
        statistics: counts and means of the stored rows' features. While the network is trained there are none, and
            the network itself predicts.

    Deviations:
        A batch of new rows and a draw from memory stand for the union of both: their losses are weighted by the rows
        behind them. Classes may return: then labels teach them, as those of any new class. The champion is asked anew
        at every step, on the rows as they are augmented. A class without stored rows has no chance. A loss of your own
        is only measured. How herding differs is said there. Where another method trained the champion, nobody knows
        which classes it learned, and it teaches all that it has outputs for.

    References:
        .. [1] S.-A. Rebuffi et al. iCaRL: incremental classifier and representation learning. CVPR 2017.
           https://arxiv.org/abs/1611.07725
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    head: str | None = None

    card = Card(
        when="New classes with every chunk, a few stored rows of each, and long training.",
        keeps="rows, and the mean feature of every class",
        tasks=("classification",),
        forward=4.0,
        backward=2.0,
        once="features of all rows, to choose which are kept; of those, for their means",
        group="replay",
    )
    space = {"memory_batch": lograndint(16, 128)}

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, "herding")
        self.statistics = ClassStatistics("none")
        self._seen: list[int] = []  # classes of earlier chunks
        self._here: list[int] = []  # classes of the chunk that is learned

    def policy(self) -> Policy:
        """Herding."""
        return make_policy("herding", self.memory_size)

    def begin(self, setting: Setting) -> None:
        """Find the classes of the chunk; the means of the last update are no use while features change.

        Raises:
            ConfigError: the classifier is not known, or there is one for every task.
        """
        check_one_head(setting.model.module, self.head)
        self._here = sorted({label for _, y in setting.batches() for label in y.reshape(-1).tolist()})
        self.statistics = ClassStatistics("none")

    def loss(self, step: Step) -> Tensor:
        """The mean over chunk and memory together, each estimated by some of its rows."""
        if not len(step.memory):
            return self._row_losses(step, step.logits, step.x, step.y).mean()
        old = step.memory.draw(self.memory_batch)
        outputs, old_outputs = step.forward(step.x, old["x"])
        share = step.n_new / (step.n_new + len(step.memory))
        loss = share * self._row_losses(step, outputs, step.x, step.y).mean()
        return loss + (1 - share) * self._row_losses(step, old_outputs, old["x"], old["y"]).mean()

    def end(self, setting: Setting) -> None:
        """The means of the rows that stay, as the trained network sees them."""
        encoder = setting.model.beside(Features(setting.model.module, self.head))
        with torch.no_grad():
            for x, y in setting.memory():
                self.statistics.add(F.normalize(encoder(x)), y.reshape(-1))
        # Rows that another method let in may be of classes that this one has not met.
        stored = torch.nonzero(self.statistics.counts).flatten().tolist()
        self._seen, self._here = sorted({*self._seen, *self._here, *stored}), []

    def predictor(self, model: nn.Module) -> nn.Module:
        """The class with the nearest mean; the network itself while there are none."""
        if not len(self.statistics):
            return model
        # Of vectors of length one, the nearest is the one with the largest cosine.
        return OnFeatures(model, self.head, CosineScores(self.statistics.means, chance(self.statistics.counts)))

    def state_dict(self) -> dict[str, Any]:
        """Means, and which classes have come."""
        return {
            "head": self.head,
            "statistics": self.statistics.state_dict(),
            "seen": self._seen,
            "here": self._here,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave.

        Raises:
            ConfigError: `head` has changed.
        """
        check_unchanged("head", state["head"], self.head)
        self.statistics = ClassStatistics("none")
        self.statistics.load_state_dict(state["statistics"])
        self._seen, self._here = [*state["seen"]], [*state["here"]]

    def _row_losses(self, step: Step, outputs: Any, x: Any, y: Tensor) -> Tensor:
        """The loss of each row, ``(B,)``: the sum of binary cross entropies over all classes so far."""
        scores = step.task.scores(outputs)
        check_one_score_a_class(scores)
        targets = F.one_hot(y.reshape(-1).long(), scores.shape[1]).to(scores.dtype)
        old = self._earlier(step, scores.shape[1])
        if old:
            targets[:, old] = step.task.scores(step.taught(x)).to(scores.dtype).sigmoid()[:, old]
        classes = self._here + old
        return F.binary_cross_entropy_with_logits(scores[:, classes], targets[:, classes], reduction="none").sum(1)

    def _earlier(self, step: Step, classes: int) -> list[int]:
        """The classes that the champion teaches."""
        if step.champion is None:
            return []
        return [label for label in self._seen or range(classes) if label not in self._here]
