"""Feature covariance-aware metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.base import check_range
from vernal.methods.card import Card
from vernal.methods.closed_form import (
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
from vernal.space import loguniform, uniform


@dataclass
class FeCAM(Method):
    r"""Keep a pretrained network as it is, and predict the class that is nearest by its own covariance [1]_.

    Features become more normal by Tukey's transform, :math:`z = f(x)^\beta`. The covariance :math:`\Sigma_c` of a class
    is shrunk towards its mean variance :math:`V_1` and its mean covariance :math:`V_2`, and made a correlation:

    .. math::
        s_c(x) = -\tfrac12 \, (\bar z - \bar\mu_c)^\top \hat\Sigma_c^{-1} (\bar z - \bar\mu_c), \qquad
        \hat\Sigma_c = \mathrm{corr}\bigl( \Sigma_c + \alpha_1 V_1 I + \alpha_2 V_2 (\mathbb 1 - I) \bigr),

    where a bar is division by the length. One forward pass for each new row, no gradient, nothing forgotten: the result
    is the same in whatever order rows come. Its state has Cd²/2 numbers for C classes and features of size d, a
    prediction takes Cd² multiplications, and it wants more rows of every class than `vernal.methods.SLDA`. It is as
    good as the features are, so bring a pretrained encoder, or set `adapt`.

    Args:
        beta: the power, from 0 to 1; 1 leaves features as they are.
        alpha1: how much of the mean variance is added, at least 0.
        alpha2: how much of the mean covariance is added, at least 0 and not above `alpha1`; 0 for vision transformers.
        adapt: whether the first update trains the network by gradient before it is frozen.
        head: the name of the classifier, whose input is the feature; None to find it: the last linear layer.

    Attributes:
        statistics: counts, means and scatter of the classes' transformed features. Rows can be removed from them, and
            statistics of other workers merged: `ClassStatistics`, with what `transform` gives.

    Deviations:
        The power keeps the sign of a negative feature; the authors apply it to features that have none. A class mean
        is the mean of transformed features, as in the paper; the authors' code transforms the mean of features.
        Division by the length is from their code. A feature that never varies in a class counts as uncorrelated, so a
        class with one row is scored by the plain distance; one without rows has no chance. Scores say which class, not
        how surely: their softmax is no probability.

    References:
        .. [1] D. Goswami et al. FeCAM: exploiting the heterogeneity of class distributions in exemplar-free continual
           learning. NeurIPS 2023. https://arxiv.org/abs/2309.14062
    """

    beta: float = 0.5
    alpha1: float = 1.0
    alpha2: float = 1.0
    adapt: bool = False
    head: str | None = None

    card = Card(
        when="With a good pretrained encoder, many rows of every class, and classes of different shapes.",
        keeps="a mean and a covariance for each class",
        tied=True,
        tasks=("classification",),
        backward=0.0,
        once="inverts a d x d matrix for each class",
        group="closed form",
    )
    # `beta` cannot change: what is kept are transformed features.
    space = {"alpha1": loguniform(1, 100), "alpha2": uniform(0, 1)}

    def __post_init__(self) -> None:
        check_range("beta", self.beta, 0, 1)
        check_range("alpha1", self.alpha1, 0)
        check_range("alpha2", self.alpha2, 0, self.alpha1, hint="With more than `alpha1` it is no covariance any more.")
        self.statistics = ClassStatistics("per_class")

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
            self.statistics.add(self.transform(features), y.reshape(-1))

    def transform(self, features: Tensor) -> Tensor:
        """Tukey's transform, ``(B, d)``, as `statistics` is about; it keeps the sign."""
        return tukey(features, self.beta)

    def predictor(self, model: nn.Module) -> nn.Module:
        """The class that is nearest; the model itself while there are no rows."""
        if not len(self.statistics):
            return model
        precisions = torch.stack([self._precision(covariance) for covariance in self.statistics.covariances()])
        bias = chance(self.statistics.counts)
        return OnFeatures(model, self.head, MahalanobisScores(self.beta, self.statistics.means, precisions, bias))

    def state_dict(self) -> dict[str, Any]:
        """Counts, means and scatter."""
        return {"head": self.head, "beta": self.beta, "statistics": self.statistics.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave.

        Raises:
            ConfigError: `head` or `beta` has changed.
        """
        check_unchanged("head", state["head"], self.head)
        check_unchanged("beta", state["beta"], self.beta)
        self.statistics.load_state_dict(state["statistics"])

    def _precision(self, covariance: Tensor) -> Tensor:
        correlation = normalised(shrunk(covariance, self.alpha1, self.alpha2))
        factor, failed = torch.linalg.cholesky_ex(correlation)
        # Without shrinkage there may be no inverse.
        return torch.linalg.pinv(correlation, hermitian=True) if bool(failed) else torch.cholesky_inverse(factor)


class MahalanobisScores(nn.Module):
    """Half the squared distance to each mean, by the precision of its class, negative, and a bias.

    Args:
        beta: the power for features.
        means: of transformed features, ``(C, d)``.
        precisions: inverse covariances, ``(C, d, d)``.
        bias: ``(C,)``.
    """

    def __init__(self, beta: float, means: Tensor, precisions: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.beta = beta
        self.means = nn.Buffer(F.normalize(means))
        self.precisions = nn.Buffer(precisions)
        self.bias = nn.Buffer(bias)

    def forward(self, features: Tensor) -> Tensor:
        """``(B, d)`` to ``(B, C)``."""
        z = F.normalize(tukey(features, self.beta))
        # Class by class: all differences at once would be C times as large as the batch.
        distances = [
            ((z - mean) @ precision * (z - mean)).sum(1)
            for mean, precision in zip(self.means, self.precisions, strict=True)
        ]
        return self.bias - torch.stack(distances, dim=1) / 2


def tukey(values: Tensor, power: float) -> Tensor:
    """The power of absolute values, with the sign that they had.

    Examples:
        >>> tukey(torch.tensor([4.0, 0.0, -9.0]), 0.5)
        tensor([ 2.,  0., -3.])
    """
    return values.abs().pow(power) * values.sign()


def shrunk(covariance: Tensor, alpha1: float, alpha2: float) -> Tensor:
    """A covariance ``(d, d)`` with some of its mean variance and mean covariance added.

    Examples:
        >>> shrunk(torch.tensor([[1.0, 0.5], [0.5, 3.0]]), 1.0, 0.0)
        tensor([[3.0000, 0.5000],
                [0.5000, 5.0000]])
    """
    size = len(covariance)
    variance = covariance.diagonal().mean()
    others = (covariance.sum() - covariance.diagonal().sum()) / max(1, size * (size - 1))
    added = (alpha2 * others).expand(size, size).clone()
    added.diagonal().copy_(alpha1 * variance)
    return covariance + added


def normalised(covariance: Tensor) -> Tensor:
    """The correlations ``(d, d)`` of a covariance; what never varies is correlated with nothing.

    Examples:
        >>> normalised(torch.tensor([[4.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]))
        tensor([[1.0000, 0.5000, 0.0000],
                [0.5000, 1.0000, 0.0000],
                [0.0000, 0.0000, 1.0000]])
    """
    variance = covariance.diagonal()
    scale = torch.where(variance > 0, variance, 1).rsqrt()
    correlation = covariance * scale[:, None] * scale
    correlation.diagonal().fill_(1)
    return correlation
