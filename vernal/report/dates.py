"""An axis of time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from vernal.report.rulers import Tick

HOUR, DAY = 3600, 86400
SPANS = (1, 10, 60, 300, 900, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY)
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)
MONTH = 30.44 * DAY
MONDAY = 4 * DAY  # 1970 began on a Thursday.
MOST = 6  # marks


@dataclass(frozen=True)
class Dates:
    """An axis from a time to a later one, in UTC.

    Args:
        low: seconds since 1970 at its beginning.
        high: seconds since 1970 at its end.

    Examples:
        >>> dates = Dates.of(["2026-01-01T00:00:00+00:00", "2026-03-02T00:00:00+00:00"])
        >>> [tick.label for tick in dates.ticks]
        ['2026-01-05', '2026-01-19', '2026-02-02', '2026-02-16', '2026-03-02']
    """

    low: float
    high: float

    @classmethod
    def of(cls, times: list[str]) -> Dates:
        """The axis that holds some times, each as ISO 8601."""
        seconds = [seconds_of(time) for time in times]
        low, high = min(seconds), max(seconds)
        return cls(low, high) if low < high else cls(low - HOUR, high + HOUR)

    def place(self, time: str) -> float:
        """Where a time lies, from 0 to 1."""
        return (seconds_of(time) - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[Tick]:
        """Round times between the ends."""
        span = self.high - self.low
        step = next((one for one in SPANS if span / one <= MOST), None)
        marks = self._months(span) if step is None else self._steps(step)
        return [Tick((seconds - self.low) / span, label) for seconds, label in marks]

    def _steps(self, step: int) -> Iterator[tuple[float, str]]:
        start = MONDAY if step >= 7 * DAY else 0
        form = "%Y-%m-%d" if step >= DAY else "%m-%d %H:%M" if step >= 60 else "%H:%M:%S"
        for n in range(math.ceil((self.low - start) / step), math.floor((self.high - start) / step) + 1):
            seconds = start + n * step
            yield seconds, f"{datetime.fromtimestamp(seconds, UTC):{form}}"

    def _months(self, span: float) -> Iterator[tuple[float, str]]:
        step = next((one for one in MONTHS if span / (one * MONTH) <= MOST), MONTHS[-1])
        first, last = (datetime.fromtimestamp(end, UTC) for end in (self.low, self.high))
        for month in range(12 * first.year + first.month - 1, 12 * last.year + last.month):
            start = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
            if month % step == 0 and self.low <= start.timestamp() <= self.high:
                yield start.timestamp(), f"{start:%Y}" if step >= 12 else f"{start:%Y-%m}"


def seconds_of(time: str) -> float:
    """Seconds since 1970 of a time as ISO 8601; in UTC where it names no zone."""
    moment = datetime.fromisoformat(time)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
