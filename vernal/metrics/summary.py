"""The few numbers that an update reports about one model on one set of rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from vernal.base import ConfigError, did_you_mean
from vernal.metrics.classification import accuracy, macro_f1
from vernal.metrics.regression import mae, r2, rmse
from vernal.metrics.rows import one_each

Metric = Callable[[ArrayLike, ArrayLike], float]

# The first metric of a task is its headline. Both headlines are means over rows, so that two models
# can be compared row by row.
_METRICS: dict[str, dict[str, Metric]] = {
    "classification": {"accuracy": accuracy, "macro_f1": macro_f1},
    "regression": {"mae": mae, "rmse": rmse, "r2": r2},
}
_HIGHER_IS_BETTER = {
    "accuracy": True,
    "macro_f1": True,
    "loss": False,
    "mae": False,
    "rmse": False,
    "r2": True,
}


def summary(task: str, y: ArrayLike, predicted: ArrayLike, losses: ArrayLike | None = None) -> dict[str, float]:
    """Measure frozen predictions.

    Args:
        task: ``"classification"`` or ``"regression"``.
        y: true classes or values, shape ``(N,)``; several targets of a regression ``(N, D)``.
        predicted: predicted classes or values, of the same shape.
        losses: the loss of each row, shape ``(N,)``; adds their mean as ``loss``.

    Examples:
        >>> summary("classification", [0, 1, 1, 0], [0, 1, 0, 0])["accuracy"]
        0.75
        >>> summary("regression", [1.0, 2.0], [1.5, 1.0], losses=[0.25, 1.0])["loss"]
        0.625
    """
    values = {name: metric(y, predicted) for name, metric in _metrics(task).items()}
    if losses is not None:
        values["loss"] = float(one_each(losses, "losses", len(np.asarray(y)), of="rows").mean())
    return values


def headline(task: str) -> str:
    """Name the metric that stands for a task: its forgetting is followed, and a gate judges by it.

    Examples:
        >>> headline("classification"), headline("regression")
        ('accuracy', 'mae')
    """
    return next(iter(_metrics(task)))


def is_higher_better(metric: str) -> bool:
    """Say which way a metric of `summary` improves.

    Examples:
        >>> is_higher_better("accuracy"), is_higher_better("mae")
        (True, False)
    """
    if metric not in _HIGHER_IS_BETTER:
        raise ConfigError(f"No metric is called {metric!r}. {did_you_mean(metric, _HIGHER_IS_BETTER)}")
    return _HIGHER_IS_BETTER[metric]


def _metrics(task: str) -> dict[str, Metric]:
    if task not in _METRICS:
        raise ConfigError(f"No task is called {task!r}. {did_you_mean(task, _METRICS)}")
    return _METRICS[task]
