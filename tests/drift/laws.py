"""Samples with and without a change, and how often a test says that there is one.

The facts that tests are held to are for samples of 500 rows and 32 columns, at alpha = .05.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vernal.drift import TwoSampleTest
from vernal.drift.comparison import Array

ALPHA = 0.05
ROWS, COLUMNS = 500, 32
Change = Callable[[Array], Array]


def shifted(by: float, columns: int | None = None) -> Change:
    """All columns, or the first few, moved by so many standard deviations."""
    return lambda rows: rows + by * (np.arange(rows.shape[1]) < (columns or rows.shape[1]))


def scaled(by: float) -> Change:
    return lambda rows: rows * by


def unchanged(rows: Array) -> Array:
    return rows


def normal(rng: np.random.Generator, rows: int = ROWS, columns: int = COLUMNS) -> Array:
    return rng.normal(size=(rows, columns))


def autoregressive(rng: np.random.Generator, rows: int, phi: float) -> Array:
    """One column in which each value depends on the one before: AR(1) with variance 1."""
    noise = rng.normal(size=rows)
    values = np.empty(rows)
    values[0] = noise[0]
    for row in range(1, rows):
        values[row] = phi * values[row - 1] + np.sqrt(1 - phi**2) * noise[row]
    return values[:, None]


def p_values(test: TwoSampleTest, change: Change, repeats: int, rows: int = ROWS, columns: int = COLUMNS) -> Array:
    """Of independent pairs of samples, the current one of which has changed."""
    found = []
    for seed in range(repeats):
        rng = np.random.default_rng([7, seed])
        found.append(test.compare(normal(rng, rows, columns), change(normal(rng, rows, columns)), seed).p)
    return np.array(found, np.float64)


def rejected(test: TwoSampleTest, change: Change, repeats: int, rows: int = ROWS, columns: int = COLUMNS) -> float:
    return float(np.mean(p_values(test, change, repeats, rows, columns) <= ALPHA))


def false_alarms_of_a_series(test: TwoSampleTest, phi: float, repeats: int) -> float:
    """How often two successive windows of 500 rows of one AR(1) series are said to differ."""
    found = []
    for seed in range(repeats):
        series = autoregressive(np.random.default_rng([9, seed]), 2 * ROWS, phi)
        p = test.compare(series[:ROWS], series[ROWS:], seed).p
        found.append(p is not None and p <= ALPHA)
    return float(np.mean(found))
