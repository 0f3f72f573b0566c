"""Decimal numbers with their uncertainty. Shapes: ``B`` rows, ``D`` targets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from vernal.base import TrainingError, check_range
from vernal.tasks.known import in_common, mean_over
from vernal.tasks.outputs import as_array, scores_of
from vernal.tasks.task import Array, Task


@dataclass(frozen=True)
class Heteroscedastic(Task):
    r"""Predict numbers, and for each row how sure the model is; the loss is that of a normal distribution [1]_.

    .. math:: \frac{1}{2} \Big( \log 2\pi + \log \sigma^2 + \frac{(y - \mu)^2}{\sigma^2} \Big)

    averaged over targets. Targets are ``(B,)`` or ``(B, D)``; outputs ``(B, 2 D)``: the means, then the logarithms of
    the variances; or a pair of both.

    Args:
        least_log_variance: a log-variance below this counts as this: no row is predicted so surely that its error
            outweighs all others; between -80 and 80. -10 is a standard deviation of 0.007, in the unit of the targets.

    Examples:
        >>> Heteroscedastic().losses(torch.tensor([[1.0, 0.0]]), torch.tensor([0.0]))
        tensor([1.4189])

    References:
        .. [1] D. Nix, A. Weigend. Estimating the mean and variance of the target probability distribution. ICNN 1994.
           https://doi.org/10.1109/ICNN.1994.374138
    """

    least_log_variance: float = -10.0

    name: ClassVar[str] = "heteroscedastic"

    def __post_init__(self) -> None:
        check_range("least_log_variance", self.least_log_variance, -80, 80)

    def scores(self, outputs: Any) -> Tensor:
        """Means, then log-variances, ``(B, 2 D)``."""
        if isinstance(outputs, tuple | list) and len(outputs) == 2:
            return torch.cat([part.reshape(len(part), -1) for part in outputs], 1)
        return super().scores(outputs)

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """The negative logarithm of the density of each row's targets, in nats, averaged over them."""
        mean, log_variance = self._halves(self.scores(outputs))
        error: Tensor = (mean - targets.reshape(mean.shape).to(mean.dtype)).square()
        return 0.5 * (math.log(2 * math.pi) + log_variance + error * (-log_variance).exp()).mean(1)

    def check(self, outputs: Any, targets: Any, labels: tuple[int, int] | None, rows: int) -> None:  # noqa: ARG002
        """Demand a mean and a log-variance for each target."""
        scores = self.scores(outputs)
        if scores.ndim != 2 or len(scores) != rows or scores.numel() != 2 * targets.numel():
            raise TrainingError(
                f"The model gives {tuple(scores.shape)} for targets {tuple(targets.shape)}. For a heteroscedastic "
                "regression it must give the mean of each target, then the logarithm of each variance, "
                "(rows, 2 * targets). Define `loss_fn` if it means something else."
            )

    def freeze(self, outputs: Any, targets: Any) -> tuple[Array, Array] | None:
        """Values, and means, then log-variances, as the loss counts them."""
        told = isinstance(outputs, tuple | list) or scores_of(outputs) is not None
        if not told or not isinstance(targets, Tensor) or self.scores(outputs).numel() != 2 * targets.numel():
            return None
        return as_array(targets), as_array(torch.cat(self._halves(self.scores(outputs)), 1))

    def distance(self, outputs: Any, teacher: Any, temperature: float = 1.0) -> Tensor:  # noqa: ARG002
        """The Kullback-Leibler divergence between the distributions, averaged over targets; without temperature."""
        scores, old, known = in_common(self.scores(outputs), self.scores(teacher), dim=None)
        (mean, log_variance), (old_mean, old_log_variance) = self._halves(scores), self._halves(old)
        gap = (old_log_variance - log_variance).exp() + (mean - old_mean).square() * (-log_variance).exp()
        divergence = 0.5 * (gap - 1 + log_variance - old_log_variance)
        return mean_over(torch.stack(known.chunk(2, 1)).all(0), divergence)

    def _halves(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = scores.chunk(2, 1)
        return mean, log_variance.clamp(min=self.least_log_variance)
