"""Random projections for pretrained networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.base import SchemaMismatch, check_range, check_whole
from vernal.methods.card import Card
from vernal.methods.closed_form import (
    LinearScores,
    OnFeatures,
    chance,
    check_one_head,
    check_unchanged,
    closed_form_stages,
    rows_as_features,
)
from vernal.methods.method import Method
from vernal.methods.step import Setting, Stage
from vernal.models import RidgeSpectrum, RidgeStatistics
from vernal.space import choice


@dataclass
class RanPAC(Method):
    r"""Keep a pretrained network as it is, and fit ridge regression to random projections of its features [1]_.

    With features :math:`f(x)`, a matrix :math:`R` of M columns that is drawn once, and one-hot targets, or numbers,
    :math:`y`,

    .. math::
        s(x) = W h(x), \qquad h(x) = \max(0, R^\top f(x)), \qquad
        W = \Bigl( \sum_i y_i h_i^\top \Bigr) \Bigl( \sum_i h_i h_i^\top + \lambda I \Bigr)^{-1} .

    The sums are all that is kept, so one forward pass for each new row is enough, nothing is forgotten, and the result
    is the same in whatever order rows come. On large pretrained encoders it is the most accurate of the closed forms
    [1]_, and it is the only one for regression. It is as good as the features are, so bring such an encoder, or set
    `adapt`. Its state has M²/2 + dM numbers of 8 and 4 bytes: for features of size 768, 22 MB for 2,000 projections
    and 431 MB for 10,000.

    Args:
        projections: M, at least 1. More are more accurate; an update solves once for M unknowns.
        ridge: :math:`\lambda`, at least 0; None to choose it by generalised cross-validation over all rows so far.
            That takes all eigenvalues: seconds for 2,000 projections, and twenty times as long as a given ridge.
        adapt: whether the first update trains the network by gradient before it is frozen.
        head: the name of the classifier, whose input is the feature; None to find it: the last linear layer.

    Attributes:
        statistics: the sums, about the means. Rows can be removed from them, and statistics of other workers with the
            same projection merged: `RidgeStatistics`, with what `transform` gives. `solve` afterwards.

    Deviations:
        The authors take M = 10,000, and choose the ridge by a split of the newest rows; the cross-validation needs
        only sums, and looks at all rows. They adapt the network in the first update by few added weights; here `adapt`
        trains what requires gradients. Numbers are fitted with an intercept, classes without one, as in the paper. A
        class without rows has no chance. Scores say which class, not how surely: their softmax is no probability.

    References:
        .. [1] M. D. McDonnell et al. RanPAC: random projections and pre-trained models for continual learning.
           NeurIPS 2023. https://arxiv.org/abs/2307.02251
    """

    projections: int = 2000
    ridge: float | None = None
    adapt: bool = False
    head: str | None = None

    card = Card(
        when="With a large pretrained encoder: usually the most accurate method without gradients.",
        keeps="sums of products of M random features",
        tied=True,
        tasks=("classification", "regression"),
        backward=0.0,
        once="solves for M unknowns",
        group="closed form",
    )
    # Cross-validation, that is None, weighs all rows so far alike; where the newest differ, another one may be better.
    space = {"ridge": choice(None, 1.0, 100.0, 10_000.0, 1_000_000.0)}

    def __post_init__(self) -> None:
        check_whole("projections", self.projections, 1)
        if self.ridge is not None:
            check_range("ridge", self.ridge, 0)
        self.statistics = RidgeStatistics()
        self._classes = True
        self._projection: Tensor | None = None
        self._solution: tuple[Tensor, Tensor] | None = None

    def stages(self, first: bool) -> tuple[Stage, ...]:
        """No training, but in a first update that is to adapt the network."""
        return closed_form_stages(self.adapt, first)

    def begin(self, setting: Setting) -> None:
        """Demand one classifier for all tasks.

        Raises:
            ConfigError: there is one for every task, or none is known.
        """
        check_one_head(setting.model.module, self.head)

    def end(self, setting: Setting) -> None:
        """Count the new rows in, and solve."""
        self._classes = setting.task.classes
        for features, y in rows_as_features(setting, self.head):
            self.statistics.add(self.transform(features), self._targets(y))
        self.solve()

    def transform(self, features: Tensor) -> Tensor:
        """Random projections ``(B, M)`` of features ``(B, d)``, as `statistics` is about.

        Raises:
            SchemaMismatch: features of another size than before.
        """
        if self._projection is None:
            # On the CPU, so that a seed gives the same on all devices.
            self._projection = torch.randn(features.shape[1], self.projections)
        if features.shape[1] != len(self._projection):
            raise SchemaMismatch(
                f"The projection is of features of size {len(self._projection)}, and these have {features.shape[1]}. "
                "Use the same encoder and layer as before, or begin a new lineage."
            )
        self._projection = self._projection.to(features.device)
        return random_features(features, self._projection)

    def solve(self) -> None:
        """Fit the weights to the statistics."""
        intercept = not self._classes
        if self.ridge is not None:
            self._solution = self.statistics.solve(self.ridge, intercept=intercept)
        else:
            spectrum = RidgeSpectrum(self.statistics, intercept=intercept)
            self._solution = spectrum.solve(spectrum.choose())

    def predictor(self, model: nn.Module) -> nn.Module:
        """Ridge regression on the features; the model itself while there are no rows."""
        if self._solution is None or self._projection is None or not len(self.statistics):
            return model
        weight, bias = self._solution
        if self._classes:
            counts = (self.statistics.target_mean * len(self.statistics)).round()
            bias = bias + chance(counts).to(bias.device)
        scorer = nn.Sequential(RandomFeatures(self._projection), LinearScores(weight, bias))
        return OnFeatures(model, self.head, scorer, classes=self._classes)

    def state_dict(self) -> dict[str, Any]:
        """The projection, the sums, and the weights that follow from them."""
        return {
            "head": self.head,
            "projection": self._projection,
            "classes": self._classes,
            "statistics": self.statistics.state_dict(),
            "solution": self._solution,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave.

        Raises:
            ConfigError: `head` or `projections` has changed.
        """
        check_unchanged("head", state["head"], self.head)
        if state["projection"] is not None:
            check_unchanged("projections", state["projection"].shape[1], self.projections)
        self._projection, self._classes = state["projection"], state["classes"]
        self._solution = state["solution"]
        self.statistics.load_state_dict(state["statistics"])

    def _targets(self, y: Tensor) -> Tensor:
        """One-hot codes, or numbers, ``(B, K)``."""
        if not self._classes:
            return y.reshape(len(y), -1)
        return F.one_hot(y.reshape(-1).long())


class RandomFeatures(nn.Module):
    """The positive part of features times a matrix ``(d, M)``."""

    def __init__(self, projection: Tensor) -> None:
        super().__init__()
        self.projection = nn.Buffer(projection)

    def forward(self, features: Tensor) -> Tensor:
        """``(B, d)`` to ``(B, M)``."""
        return random_features(features, self.projection)


def random_features(features: Tensor, projection: Tensor) -> Tensor:
    """The positive part of features ``(B, d)`` times a matrix ``(d, M)``, in float32 or more.

    Examples:
        >>> random_features(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, -1.0], [1.0, 0.0]]))
        tensor([[3., 0.]])
    """
    features = features.to(torch.promote_types(features.dtype, torch.float32))
    return F.relu(features @ projection.to(features))
