"""Deep streaming linear discriminant analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from vernal.base import check_range
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
from vernal.models import ClassStatistics
from vernal.space import loguniform


@dataclass
class SLDA(Method):
    r"""Keep a pretrained network as it is, and fit linear discriminant analysis to its features [1]_.

    With the means :math:`\mu_c` of the classes' features and one covariance :math:`\Sigma` within all classes,

    .. math::
        s_c(x) = \mu_c^\top \Lambda f(x) - \tfrac12 \mu_c^\top \Lambda \mu_c, \qquad
        \Lambda = \bigl( (1 - \varepsilon) \, \Sigma + \varepsilon I \bigr)^{-1} .

    One forward pass for each new row, no gradient, nothing forgotten: the result is the same in whatever order rows
    come. The best choice on a CPU with a pretrained encoder; it is as good as the features are, so bring one, or set
    `adapt`. Its state has d² numbers for features of size d, however many classes there are.

    Args:
        shrinkage: :math:`\varepsilon`, from 0 to 1; more is safer with few rows, and at 1 classes are the nearest mean.
        adapt: whether the first update trains the network by gradient before it is frozen.
        head: the name of the classifier, whose input is the feature; None to find it: the last linear layer.

    Attributes:
        statistics: counts and means of the classes, and the scatter about them. Rows can be removed from them, and
            statistics of other workers merged: `ClassStatistics`.

    Deviations:
        The authors' running covariance weighs a row by its place in the stream; here it is exactly that of all rows.
        A class without rows has no chance; scores lack a part that is the same for all classes of a row.

    References:
        .. [1] T. L. Hayes, C. Kanan. Lifelong machine learning with deep streaming linear discriminant analysis.
           CVPR Workshops 2020. https://arxiv.org/abs/1909.01520
    """

    shrinkage: float = 1e-4
    adapt: bool = False
    head: str | None = None

    card = Card(
        when="With a good pretrained encoder, where only a CPU is there.",
        keeps="a mean for each class and one covariance",
        tied=True,
        tasks=("classification",),
        backward=0.0,
        once="inverts a d x d matrix",
        group="closed form",
    )
    space = {"shrinkage": loguniform(1e-6, 1)}

    def __post_init__(self) -> None:
        check_range("shrinkage", self.shrinkage, 0, 1)
        self.statistics = ClassStatistics("shared")

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
        """Count the new rows in."""
        for features, y in rows_as_features(setting, self.head):
            self.statistics.add(features, y.reshape(-1))

    def predictor(self, model: nn.Module) -> nn.Module:
        """The discriminants of all classes; the model itself while there are no rows."""
        if not len(self.statistics):
            return model
        means, bias = self.statistics.means, chance(self.statistics.counts)
        covariance = (1 - self.shrinkage) * self.statistics.shared_covariance()
        covariance.diagonal().add_(self.shrinkage)
        # About a point between the means, the scores of a row change by the same for all classes, and lose no digits.
        origin = means[torch.isfinite(bias)].mean(0)
        about = means - origin
        weight = about @ torch.linalg.pinv(covariance, hermitian=True)
        return OnFeatures(model, self.head, LinearScores(weight, bias - (weight * about).sum(1) / 2, origin))

    def state_dict(self) -> dict[str, Any]:
        """Counts, means and scatter."""
        return {"head": self.head, "statistics": self.statistics.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave.

        Raises:
            ConfigError: `head` has changed.
        """
        check_unchanged("head", state["head"], self.head)
        self.statistics.load_state_dict(state["statistics"])
