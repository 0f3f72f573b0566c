"""What the service has answered, joined with what came true: how good the model is where it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from numbers import Real
from typing import Any

import numpy as np

from vernal.base import DataError, did_you_mean, period
from vernal.data import read_table, seconds
from vernal.ledger import Outcomes, Pair, Prediction
from vernal.loop.policy import Labels, Predictions

Array = np.ndarray[Any, Any]


def write_answers(predictions: Predictions, files: Sequence[str], outcomes: Outcomes) -> None:
    """Keep the answers of some tables; those of ids that are there already change nothing.

    Raises:
        DataError: a column is missing.
    """
    for file in files:
        table = read_table(file)
        for name in (predictions.id, predictions.prediction, predictions.time):
            if name not in table.column_names:
                raise DataError(f"{file} has no column {name!r}. {did_you_mean(name, table.column_names)}")
        times = seconds(np.asarray(table.column(predictions.time).to_pylist()))
        ids, said = (table.column(name).to_pylist() for name in (predictions.id, predictions.prediction))
        outcomes.predicted(
            Prediction(str(id), float(time), "", answer) for id, time, answer in zip(ids, times, said, strict=True)
        )


def mature_answers(
    labels: Labels, outcomes: Outcomes, since: Mapping[str, Any] | None, now: datetime
) -> tuple[dict[str, Array], Mapping[str, Any]]:
    """How good the answers were that have come to maturity since the last look.

    Returns:
        ``"correct"`` where answers are right or wrong, ``"loss"``, the squared error, where they are decimal numbers,
        each ``(n, 2)``: the time of the answer, and the value; and where to go on.
    """
    look = outcomes.mature(now.timestamp(), period(labels.maturity).total_seconds(), since, labels.default)
    pairs = look.pairs
    if not pairs:
        return {}, look.cursor
    times = [pair.time for pair in pairs]
    decimal = any(isinstance(pair.label, float) and not pair.label.is_integer() for pair in pairs)
    name, values = ("loss", map(_squared, pairs)) if decimal else ("correct", map(_right, pairs))
    return {name: np.column_stack([times, [*values]])}, look.cursor


def _right(pair: Pair) -> float:
    return float(pair.prediction == pair.label)


def _squared(pair: Pair) -> float:
    if not isinstance(pair.prediction, Real):
        raise DataError(f"The prediction of {pair.id!r} is {pair.prediction!r}, and its label {pair.label!r} a number.")
    return float((pair.prediction - pair.label) ** 2)
