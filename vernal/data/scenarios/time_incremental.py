"""A new span of time with every chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset, Subset

from vernal.base import ConfigError, DataError
from vernal.data.scenarios.scenario import Scenario


@dataclass(frozen=True)
class TimeIncremental(Scenario):
    """Chunk ``i`` holds the rows from cut ``i - 1`` on until before cut ``i``, in all data.

    The first chunk has no beginning and the last no end, so no row is left out.

    Args:
        cuts: when a new chunk begins, ascending; one less than there are chunks. Numbers, or for NumPy
            datetimes what NumPy reads as such (``"2020-01-01"``).
        time: gives the time of each row of a dataset, shape ``(N,)``; see also `per_row`.

    Examples:
        >>> days = [(i, 0) for i in range(10)]
        >>> scenario = TimeIncremental(cuts=(3, 7), time=lambda rows: np.array([x for x, _ in rows]))
        >>> [len(part) for part in scenario.parts(days)]
        [3, 4, 3]
    """

    cuts: Sequence[Any]
    time: Callable[[Dataset[Any]], NDArray[Any]]

    def __post_init__(self) -> None:
        if not all(a < b for a, b in zip(self.cuts, self.cuts[1:], strict=False)):
            raise ConfigError(f"`cuts` must ascend, got {list(self.cuts)}.")

    def parts(self, dataset: Dataset[Any]) -> list[Dataset[Any]]:
        """Cut by time, in the order of the rows."""
        times = np.asarray(self.time(dataset))
        if (times != times).any():  # NaN and NaT alone differ from themselves
            raise DataError("Some rows have no time (NaN or NaT). Leave them out, or give them one.")
        cuts = np.asarray(self.cuts, dtype=times.dtype if times.dtype.kind == "M" else None)
        chunk = np.searchsorted(cuts, times, side="right")
        return [Subset(dataset, np.flatnonzero(chunk == i).tolist()) for i in range(len(cuts) + 1)]
