"""What a whole lineage of updates has come to."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from vernal.metrics.average import average_accuracy, micro_average_accuracy
from vernal.metrics.forgetting import forgetting
from vernal.metrics.transfer import backward_transfer, forward_transfer


def lineage_summary(
    scores: ArrayLike,
    initial: ArrayLike | None = None,
    *,
    metric: str = "accuracy",
    higher_is_better: bool = True,
) -> dict[str, float]:
    """Sum up a lineage after its latest update. What cannot be known is left out.

    Args:
        scores: see :mod:`vernal.metrics.matrix`.
        initial: scores of the untrained model, shape ``(T,)``; without it no forward transfer.
        metric: the name of what was scored; the average is called by it.
        higher_is_better: False for errors and losses.

    Examples:
        >>> lineage_summary([[0.75], [0.5, 0.75]])
        {'average_accuracy': 0.625, 'forgetting': 0.25, 'backward_transfer': -0.25}
    """
    values = {
        f"average_{metric}": average_accuracy(scores),
        "forgetting": forgetting(scores, higher_is_better=higher_is_better),
        "backward_transfer": backward_transfer(scores, higher_is_better=higher_is_better),
    }
    if initial is not None:
        values["forward_transfer"] = forward_transfer(scores, initial, higher_is_better=higher_is_better)
    latest = {name: float(value[-1]) for name, value in values.items()}
    return {name: value for name, value in latest.items() if not math.isnan(value)}


def cumulative_table(scores: ArrayLike, sizes: ArrayLike, initial: ArrayLike) -> list[dict[str, float]]:
    """List the accuracy, forgetting and transfer after every update: the table of continual-learning papers.

    Args:
        scores: accuracies, see :mod:`vernal.metrics.matrix`.
        sizes: test rows of each chunk, shape ``(T,)``.
        initial: accuracies of the untrained model, shape ``(T,)``.

    Returns:
        One row per update; ``Task ID`` counts from 1.

    Examples:
        >>> rows = cumulative_table([[0.75, 0.25], [0.5, 0.75]], [10, 10], initial=[0.125, 0.125])
        >>> rows[1]["Average Accuracy"], rows[1]["Forgetting"]
        (0.625, 0.25)
    """
    average = average_accuracy(scores)
    columns = {
        "Task ID": np.arange(1, len(average) + 1),
        "Average Accuracy": average,
        "Micro Average Accuracy": micro_average_accuracy(scores, sizes),
        "Forgetting": forgetting(scores),
        "Forward Transfer": forward_transfer(scores, initial),
        "Backward Transfer": backward_transfer(scores),
    }
    return [
        dict(zip(columns, row, strict=True))
        for row in zip(*(column.tolist() for column in columns.values()), strict=True)
    ]
