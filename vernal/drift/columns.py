"""Tests that look at each column by itself, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vernal.base import ConfigError, did_you_mean
from vernal.drift.comparison import Comparison
from vernal.drift.holm import holm
from vernal.drift.samples import no_decision

Correction = Literal["bonferroni", "holm"]

CORRECTIONS = ("bonferroni", "holm")


@dataclass(frozen=True)
class Column:
    """What a test found in one column.

    Args:
        statistic: the test's statistic.
        p: the p-value of this column alone.
        effect: how large the difference is.
    """

    statistic: float
    p: float
    effect: float


def check_correction(correction: str) -> None:
    """Demand a correction for many columns that there is."""
    if correction not in CORRECTIONS:
        raise ConfigError(f"No `correction` is called {correction!r}. {did_you_mean(correction, CORRECTIONS)}")


def together(
    test: str, unit: str, rows: tuple[int, int], columns: Mapping[int, Column], constant: int, correction: Correction
) -> Comparison:
    """The comparison of all columns: its p-value is that of the most suspicious one, corrected for their number.

    Args:
        test: name of the test.
        unit: of the effects.
        rows: of the reference and of the current sample.
        columns: what was found, by the number of the column.
        constant: how many columns have one and the same value in both samples, and were left out.
        correction: how p-values are corrected.
    """
    if not columns:
        return no_decision(test, unit, rows, "All rows are the same.")
    p = np.array([column.p for column in columns.values()])
    corrected = holm(p) if correction == "holm" else np.minimum(1, p * len(p))
    return corrected_together(test, unit, rows, columns, constant, corrected.tolist())


def corrected_together(
    test: str,
    unit: str,
    rows: tuple[int, int],
    columns: Mapping[int, Column],
    constant: int,
    corrected: list[float],
    note: str = "",
) -> Comparison:
    """The same, of p-values that are already corrected."""
    found = list(columns.values())
    worst = min(range(len(found)), key=lambda place: (corrected[place], found[place].p, -found[place].effect))
    by_name = {
        str(number): {"p": p, "effect": column.effect}
        for (number, column), p in zip(columns.items(), corrected, strict=True)
    }
    notes = [f"{constant} columns are constant." if constant > 1 else "1 column is constant."] if constant else []
    return Comparison(
        test,
        corrected[worst],
        found[worst].statistic,
        found[worst].effect,
        unit,
        rows,
        by_name,
        " ".join([*notes, *([note] if note else [])]),
    )
