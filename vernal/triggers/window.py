"""The latest values of a stream, by rows or by time, as sums that do not grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vernal.base import check_whole, period
from vernal.triggers.interval import Interval, of_mean, of_share

BUCKETS = 100

Array = np.ndarray[Any, Any]
State = Mapping[str, Any]


@dataclass(frozen=True)
class Summary:
    """What is known of the values in a window.

    Args:
        n: how many.
        mean: their mean.
        variance: with n - 1 as its denominator; 0 of one value.
        is_share: whether all of them are 0 or 1.
    """

    n: int
    mean: float
    variance: float
    is_share: bool

    def interval(self, confidence: float | None) -> Interval:
        """How well the mean is known; None for a mean that is taken as it is."""
        if confidence is None:
            return Interval.exactly(self.mean)
        if self.is_share:
            return of_share(self.mean * self.n, self.n, confidence)
        return of_mean(self.mean, self.variance, self.n, confidence)


@dataclass(frozen=True)
class Window:
    """A sliding window over values with times.

    It is made of at most a hundred buckets, each with the number of its values, their sum and the sum of their squares,
    so that its state has a bound, however many values come. It slides by a bucket: of 1,000 rows, by ten. Whenever a
    bucket is complete, and as much has been seen as the window holds, there is a summary: so it is always of a full
    window, and does not depend on how the stream is cut. Values that are late count where their time belongs.

    Args:
        size: how many rows, or a span of time such as ``"7d"``. Rows beyond 100 are rounded down to whole buckets.
    """

    size: int | str

    def __post_init__(self) -> None:
        if isinstance(self.size, str):
            period(self.size)
        else:
            check_whole("window", self.size, 1, "Or write a span of time, e.g. '7d'.")

    @property
    def width(self) -> float:
        """Of a bucket: rows or seconds."""
        if isinstance(self.size, str):
            return period(self.size).total_seconds() / BUCKETS
        return -(-self.size // BUCKETS)

    @property
    def count(self) -> int:
        """How many buckets there are."""
        return BUCKETS if isinstance(self.size, str) else int(self.size // self.width)

    def start(self) -> State:
        """Empty. `origin` is the first value: sums of differences from it do not lose digits."""
        return {"origin": None, "seen": 0, "first": None, "done": None, "buckets": []}

    def add(self, state: State, values: Array, now: float) -> tuple[State, Sequence[Summary]]:
        """Take in values, and sum up each bucket that is complete now.

        Args:
            state: as it was.
            values: ``(n, 2)`` times, in seconds since 1970, and values; those that are not finite are left out.
            now: in seconds since 1970; no value is later.
        """
        values = values[np.isfinite(values[:, 1])]
        if state["first"] is None and not len(values):
            return state, []
        origin = float(values[0, 1]) if state["origin"] is None else float(state["origin"])
        seen = state["seen"] + len(values)
        buckets = _merged(state["buckets"], self._places(values[:, 0], state["seen"]), values[:, 1], origin)
        ended = int((now if isinstance(self.size, str) else seen) // self.width)
        first = int(min(buckets) if state["first"] is None else state["first"])
        done = int(first if state["done"] is None else state["done"])
        summaries = [*self._summaries(buckets, first, range(done, ended), origin)]
        kept = [[place, *sums] for place, sums in sorted(buckets.items()) if place > ended - self.count]
        return {"origin": origin, "seen": seen, "first": first, "done": max(done, ended), "buckets": kept}, summaries

    def _places(self, times: Array, seen: int) -> Array:
        """The number of the bucket of each value."""
        amounts = times if isinstance(self.size, str) else seen + np.arange(len(times))
        return np.floor_divide(amounts, self.width).astype(np.int64)

    def _summaries(self, buckets: Mapping[int, Array], first: int, ended: range, origin: float) -> Iterator[Summary]:
        places = np.array(sorted(buckets), np.int64)
        sums = np.array([buckets[place] for place in places.tolist()]).reshape(-1, 4)
        for last in places[(places >= ended.start) & (places < ended.stop)].tolist():
            begin = last - self.count + 1
            if first <= begin:
                inside = slice(*np.searchsorted(places, [begin, last + 1]))
                yield _summary(sums[inside].sum(axis=0), origin)


def _merged(kept: Sequence[Sequence[float]], places: Array, values: Array, origin: float) -> dict[int, Array]:
    """The buckets with new values: number, sum and sum of squares of differences, and how many are neither 0 nor 1."""
    buckets = {int(place): np.array(sums, np.float64) for place, *sums in kept}
    differences = values - origin
    rows = np.stack([np.ones_like(values), differences, differences**2, (values != 0) & (values != 1)], axis=1)
    names, member = np.unique(places, return_inverse=True)
    sums = np.zeros((len(names), 4))
    np.add.at(sums, member, rows)
    for place, row in zip(names.tolist(), sums, strict=True):
        buckets[place] = buckets.get(place, 0.0) + row
    return buckets


def _summary(sums: Array, origin: float) -> Summary:
    n, total, squares, others = sums.tolist()
    variance = max(0.0, squares - total**2 / n) / (n - 1) if n > 1 else 0.0
    return Summary(int(n), origin + total / n, variance, not others)
