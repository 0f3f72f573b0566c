"""Time comes in through this door, so that a test or a backtest can hold the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time of day and measures durations."""

    def now(self) -> datetime:
        """The current time, with its time zone."""

    def seconds(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""


class SystemClock:
    """The machine's clock.

    Examples:
        >>> SystemClock().now().tzname()
        'UTC'
    """

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()
