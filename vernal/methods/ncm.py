"""Nearest class mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from vernal.base import ConfigError
from vernal.methods.card import Card
from vernal.methods.closed_form import (
    CosineScores,
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
from vernal.space import choice

Distance = Literal["cosine", "euclidean"]


@dataclass
class NCM(Method):
    r"""Keep a pretrained network as it is, and predict the class whose mean is nearest [1]_ [2]_.

    With features :math:`f(x)`, the input of the classifier, and their mean :math:`\mu_c` in each class,

    .. math::
        s_c(x) = \cos(f(x), \mu_c) \qquad\text{or}\qquad -\tfrac12 \lVert f(x) - \mu_c \rVert^2 .

    One forward pass for each new row, no gradient, nothing forgotten: means do not depend on the order in which rows
    come. It is as good as the features are, so bring a pretrained encoder, or set `adapt`. `vernal.methods.SLDA` costs
    little more, and is better where features are correlated.

    Args:
        distance: ``cosine`` as in [2]_, or ``euclidean`` as in [1]_.
        adapt: whether the first update trains the network by gradient before it is frozen.
        head: the name of the classifier, whose input is the feature; None to find it: the last linear layer.

    Attributes:
        statistics: counts and means of the classes. Rows can be removed from them, and statistics of other workers
            merged: `ClassStatistics`.

    Deviations:
        The metric that [1]_ learns is left out, as in [2]_. A class without rows has no chance; Euclidean scores lack
        a part that is the same for all classes of a row. Scores say which class, not how surely: their softmax is no
        probability.

    References:
        .. [1] T. Mensink et al. Distance-based image classification: generalizing to new classes at near-zero cost.
           TPAMI 35, 2013. https://doi.org/10.1109/TPAMI.2013.83
        .. [2] D.-W. Zhou et al. Revisiting class-incremental learning with pre-trained models: generalizability and
           adaptivity are all you need. IJCV, 2024. https://arxiv.org/abs/2303.07338
    """

    distance: Distance = "cosine"
    adapt: bool = False
    head: str | None = None

    card = Card(
        when="With a good pretrained encoder and no time at all; the baseline of the closed forms.",
        keeps="a mean for each class",
        tied=True,
        tasks=("classification",),
        backward=0.0,
        group="closed form",
    )
    space = {"distance": choice("cosine", "euclidean")}

    def __post_init__(self) -> None:
        if self.distance not in get_args(Distance):
            raise ConfigError(f"`distance` must be 'cosine' or 'euclidean', got {self.distance!r}.")
        self.statistics = ClassStatistics("none")

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
        """The class whose mean is nearest; the model itself while there are no means."""
        if not len(self.statistics):
            return model
        scores = CosineScores if self.distance == "cosine" else _euclidean
        return OnFeatures(model, self.head, scores(self.statistics.means, chance(self.statistics.counts)))

    def state_dict(self) -> dict[str, Any]:
        """Counts and means."""
        return {"head": self.head, "statistics": self.statistics.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave.

        Raises:
            ConfigError: `head` has changed.
        """
        check_unchanged("head", state["head"], self.head)
        self.statistics.load_state_dict(state["statistics"])


def _euclidean(means: Tensor, bias: Tensor) -> nn.Module:
    # Expanded, the square of x is the same for all classes and can go; about a point between the means, the rest is
    # as small as it can be, and loses no digits.
    origin = means[torch.isfinite(bias)].mean(0)
    about = means - origin
    return LinearScores(about, bias - about.square().sum(1) / 2, origin)
