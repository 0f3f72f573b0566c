"""The order of documents for queries. Shapes: ``B`` queries, ``L`` documents a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vernal import metrics
from vernal.base import ConfigError, TrainingError, check_whole, did_you_mean
from vernal.tasks.divergence import softmax_divergence
from vernal.tasks.known import mean_over
from vernal.tasks.outputs import as_array, scores_of
from vernal.tasks.padding import joined
from vernal.tasks.task import Array, Task

Loss = Literal["listwise", "pairwise", "lambda"]


@dataclass(frozen=True)
class Ranking(Task):
    r"""Order documents by how relevant they are for a query; a row is a query with a list of documents.

    Targets are relevances ``(B, L)``, at least 0; -1 or NaN for places without a document, where lists are padded.
    Outputs are scores ``(B, L)`` or ``(B, L, 1)``; only their order counts.

    Args:
        loss: ``listwise``, the cross entropy between a softmax over the relevances and one over the scores [1]_;
            ``pairwise``, the logistic loss :math:`\log(1 + e^{s_j - s_i})` of each pair of which :math:`i` is more
            relevant, averaged [2]_; ``lambda``, its sum, each pair weighted by how much NDCG would change if the
            two changed places [3]_. The last one minds the top of the list most.
        at: how many places at the top count for `lambda`, and for the metric ``ndcg@...``, at least 1; None for all.

    Examples:
        >>> Ranking().losses(torch.tensor([[0.0, 0.0]]), torch.tensor([[1, 0]]))
        tensor([0.6931])

    References:
        .. [1] Z. Cao et al. Learning to rank: from pairwise approach to listwise approach. ICML 2007.
           https://doi.org/10.1145/1273496.1273513
        .. [2] C. Burges et al. Learning to rank using gradient descent. ICML 2005.
           https://doi.org/10.1145/1102351.1102363
        .. [3] C. Burges, R. Ragno, Q. Le. Learning to rank with nonsmooth cost functions. NeurIPS 2006.
           https://proceedings.neurips.cc/paper/2006/hash/af44c4c56f385c43f2529f9b1b018f6a-Abstract.html
    """

    loss: Loss = "listwise"
    at: int | None = None

    name: ClassVar[str] = "ranking"
    allows_gaps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.loss not in get_args(Loss):
            raise ConfigError(
                f"No loss for a ranking is called {self.loss!r}. {did_you_mean(self.loss, get_args(Loss))}"
            )
        if self.at is not None:
            check_whole("at", self.at, 1)

    def scores(self, outputs: Any) -> Tensor:
        """One score a document, ``(B, L)``."""
        return _flat(super().scores(outputs))

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """The loss of each query; 0 for one whose documents are all alike, where only pairs count."""
        scores = self.scores(outputs)
        there = (targets >= 0) & ~torch.isneginf(scores)
        scores, relevance = torch.where(there, scores, 0), torch.where(there, targets, 0).to(scores.dtype)
        if self.loss == "listwise":
            return _listwise(scores, relevance, there)
        better = there[:, :, None] & there[:, None, :] & (relevance[:, :, None] > relevance[:, None, :])
        losses = F.softplus(scores[:, None, :] - scores[:, :, None])
        if self.loss == "pairwise":
            return mean_over(better, losses)
        weights = _changes_of_ndcg(scores.detach(), relevance, there, self.at)
        return torch.where(better, weights * losses, 0).sum((1, 2))

    def check(self, outputs: Any, targets: Any, labels: tuple[int, int] | None, rows: int) -> None:  # noqa: ARG002
        """Demand one score a document."""
        scores = self.scores(outputs)
        if scores.ndim != 2 or scores.shape != targets.shape:
            raise TrainingError(
                f"The model gives {tuple(scores.shape)} for targets {tuple(targets.shape)}. For a ranking it must give "
                "one score a document, (queries, documents). Define `loss_fn` if it means something else."
            )

    def freeze(self, outputs: Any, targets: Any) -> tuple[Array, Array] | None:
        """Relevances, NaN where there is no document, and scores, ``(B, L)`` each."""
        given = scores_of(outputs)
        scores = None if given is None else _flat(given)
        if scores is None or not isinstance(targets, Tensor) or scores.shape != targets.shape:
            return None
        return as_array(torch.where(targets >= 0, targets.float(), torch.nan)), as_array(scores)

    def join(self, parts: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
        """Pad lists to the longest, with NaN."""
        y, predicted = zip(*parts, strict=True)
        return joined(y, np.nan), joined(predicted, np.nan)

    def measure(self, y: Array, predicted: Array) -> dict[str, float]:
        """All metrics by name; empty if no query has two documents that differ, or one that is relevant."""
        measured = super().measure(y, predicted)
        if self.at is None or "ndcg" not in measured:
            return measured
        return measured | {f"ndcg@{self.at}": metrics.ndcg(y, predicted, self.at)}

    def distance(self, outputs: Any, teacher: Any, temperature: float = 1.0) -> Tensor:
        """The Kullback-Leibler divergence between softmaxes over the documents, times the temperature squared.

        Where lists are padded, let `teacher` be NaN: scores do not tell which documents are real.
        """
        return softmax_divergence(self.scores(outputs), self.scores(teacher), temperature)


def _flat(scores: Tensor) -> Tensor:
    return scores.squeeze(2) if scores.ndim == 3 and scores.shape[2] == 1 else scores


def _listwise(scores: Tensor, relevance: Tensor, there: Tensor) -> Tensor:
    lowest = torch.finfo(scores.dtype).min / 2  # As good as minus infinity, but a query without documents stays finite.
    truth = torch.where(there, relevance, lowest).softmax(1)
    said = torch.where(there, scores, lowest).log_softmax(1)
    return -torch.where(there, truth * said, 0).sum(1)


def _changes_of_ndcg(scores: Tensor, relevance: Tensor, there: Tensor, at: int | None) -> Tensor:
    """By how much NDCG changes if two documents change places in the present order, ``(B, L, L)``."""
    precise = torch.promote_types(scores.dtype, torch.float32)  # Whole places and gains of powers of two need it.
    places = torch.arange(scores.shape[1], device=scores.device, dtype=precise)
    discounts = (places < (at or len(places))) / torch.log2(places + 2)
    gains = torch.where(there, torch.pow(2.0, relevance.to(precise)) - 1, 0)
    order = torch.where(there, scores, -torch.inf).argsort(dim=1, descending=True, stable=True)
    discount = discounts[order.argsort(1)]
    best = (gains.sort(1, descending=True).values * discounts).sum(1)
    swaps = (gains[:, :, None] - gains[:, None, :]) * (discount[:, :, None] - discount[:, None, :])
    return (swaps.abs() / torch.where(best > 0, best, 1)[:, None, None]).to(scores.dtype)
