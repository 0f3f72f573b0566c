"""What a two-sample test says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Comparison:
    """The comparison of a reference sample with a current one.

    Args:
        test: name of the test.
        p: the p-value; None where no decision is possible (an empty window, a constant column), and `note` says why.
        statistic: the test's statistic.
        effect: how large the difference is, in the unit that `unit` names; a p-value alone says only that there is
            one, and of many rows there always is.
        unit: what the effect is measured in, e.g. ``"standard deviations"``.
        rows: rows of the reference and of the current sample.
        columns: p-value and effect of each column, where the test looks at columns: ``{"3": {"p": .., "effect": ..}}``.
        note: what the reader must know beside the numbers.
    """

    test: str
    p: float | None
    statistic: float | None
    effect: float | None
    unit: str
    rows: tuple[int, int]
    columns: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain values."""
        return {**vars(self), "rows": [*self.rows], "columns": {c: dict(v) for c, v in self.columns.items()}}


class TwoSampleTest(ABC):
    """Compares two samples; a frozen dataclass of settings."""

    @property
    def smallest_p(self) -> float:
        """The smallest p-value that it can give; above 0 where the law is one of few permutations."""
        return 0.0

    @abstractmethod
    def compare(self, reference: Array, current: Array, seed: int = 0) -> Comparison:
        """Compare ``(n, d)`` with ``(m, d)``.

        Raises:
            DataError: the samples cannot be compared: other numbers of columns, infinite values.
        """
