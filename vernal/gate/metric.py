"""A number that is computed from all answers at once, and the way that it improves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vernal import metrics
from vernal.base import ConfigError, VernalError, did_you_mean

Array = np.ndarray[Any, Any]

# What a metric raises on answers that do not define it; the user's own may be careless.
UNDEFINED = (VernalError, ValueError, TypeError, ArithmeticError, LookupError)


@dataclass(frozen=True)
class Metric:
    """What a gate compares where a mean over items will not do: macro F1, AUC, a root of a mean square.

    Args:
        name: what verdicts call it.
        of: a function of the targets ``(n, ...)`` and the answers ``(n, ...)``; NaN where it is not defined.
        higher_is_better: whether more is better. A gate counts gains, so it turns the others round.

    Examples:
        >>> named_metric("rmse").gain(np.array([1.0, 2.0]), np.array([1.0, 4.0])).__round__(3)
        -1.414
    """

    name: str
    of: Callable[[Array, Array], float]
    higher_is_better: bool = True

    def gain(self, y: Array, predicted: Array) -> float:
        """The value of the metric; minus that, where lower is better."""
        return self.sign * float(self.of(y, predicted))

    @property
    def sign(self) -> int:
        """1, or -1 where lower is better."""
        return 1 if self.higher_is_better else -1


def named_metric(name: str) -> Metric:
    """A metric of `vernal.metrics` by name.

    Raises:
        ConfigError: there is none that compares answers with targets and improves in one direction.
    """
    known = _known()
    if name not in known:
        raise ConfigError(
            f"No metric is called {name!r}. {did_you_mean(name, known)} For one of your own, pass a `Metric`."
        )
    return Metric(name, getattr(metrics, name), metrics.is_higher_better(name))


def _known() -> list[str]:
    return [name for name in metrics.__all__ if _improves(name)]


def _improves(name: str) -> bool:
    try:
        metrics.is_higher_better(name)
    except ConfigError:
        return False
    return True
