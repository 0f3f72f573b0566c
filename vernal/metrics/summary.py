"""The few numbers that an update reports about one model on one set of rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from vernal.base import ConfigError, did_you_mean
from vernal.metrics.classification import accuracy, macro_f1
from vernal.metrics.dense import dense_accuracy, dense_macro_f1, mean_iou
from vernal.metrics.gaussian import coverage, gaussian_mae, gaussian_nll, gaussian_rmse
from vernal.metrics.multilabel import (
    average_precision,
    hamming_loss,
    micro_f1,
    multilabel_macro_f1,
    subset_accuracy,
)
from vernal.metrics.ranking import mean_reciprocal_rank, ndcg, pairwise_accuracy
from vernal.metrics.regression import mae, r2, rmse
from vernal.metrics.rows import one_each

Metric = Callable[[ArrayLike, ArrayLike], float]

# The first metric of a task is its headline.
_METRICS: dict[str, dict[str, Metric]] = {
    "classification": {"accuracy": accuracy, "macro_f1": macro_f1},
    "multilabel": {
        "average_precision": average_precision,
        "micro_f1": micro_f1,
        "macro_f1": multilabel_macro_f1,
        "subset_accuracy": subset_accuracy,
        "hamming_loss": hamming_loss,
    },
    "regression": {"mae": mae, "rmse": rmse, "r2": r2},
    "heteroscedastic": {
        "nll": gaussian_nll,
        "mae": gaussian_mae,
        "rmse": gaussian_rmse,
        "coverage_95": coverage,
    },
    "ranking": {"ndcg": ndcg, "mrr": mean_reciprocal_rank, "pairwise_accuracy": pairwise_accuracy},
    "segmentation": {"mean_iou": mean_iou, "pixel_accuracy": dense_accuracy},
    "sequence_labelling": {"macro_f1": dense_macro_f1, "token_accuracy": dense_accuracy},
}
_HIGHER_IS_BETTER = {
    "accuracy": True,
    "average_precision": True,
    "hamming_loss": False,
    "loss": False,
    "macro_f1": True,
    "mae": False,
    "mean_iou": True,
    "micro_f1": True,
    "mrr": True,
    "ndcg": True,
    "nll": False,
    "pairwise_accuracy": True,
    "pixel_accuracy": True,
    "r2": True,
    "rmse": False,
    "span_f1": True,
    "subset_accuracy": True,
    "token_accuracy": True,
}


def summary(task: str, y: ArrayLike, predicted: ArrayLike, losses: ArrayLike | None = None) -> dict[str, float]:
    """Measure frozen predictions.

    Args:
        task: ``"classification"``, ``"regression"``, ... .
        y: true classes or values, shape ``(N,)``; several of each row ``(N, ...)``. What does not count is -1 among
            classes of pixels and tokens, and NaN among labels and relevances.
        predicted: predicted classes or values, of the same shape; of a heteroscedastic regression means, then
            log-variances.
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
    """Say which way a metric improves. One of the first k places, such as ``ndcg@10``, does as the whole.

    Raises:
        ConfigError: no metric is called so, or it improves neither way.

    Examples:
        >>> is_higher_better("accuracy"), is_higher_better("mae"), is_higher_better("ndcg@10")
        (True, False, True)
    """
    metric = metric.partition("@")[0]
    if metric == "coverage_95":
        raise ConfigError("`coverage_95` is best at 0.95, neither higher nor lower. Watch `nll` instead.")
    if metric not in _HIGHER_IS_BETTER:
        raise ConfigError(f"No metric is called {metric!r}. {did_you_mean(metric, _HIGHER_IS_BETTER)}")
    return _HIGHER_IS_BETTER[metric]


def _metrics(task: str) -> dict[str, Metric]:
    if task not in _METRICS:
        raise ConfigError(f"No task is called {task!r}. {did_you_mean(task, _METRICS)}")
    return _METRICS[task]
