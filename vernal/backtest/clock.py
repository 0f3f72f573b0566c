"""A clock that stands still until it is set."""

from __future__ import annotations

from datetime import datetime

from vernal.base import SystemClock


class HeldClock:
    """Tells the time that it was set to; durations are real, because what an update costs is measured.

    Args:
        now: the time at first, with its time zone.
    """

    def __init__(self, now: datetime) -> None:
        self._now, self._real = now, SystemClock()

    def set(self, now: datetime) -> None:
        """Go on to a later time."""
        self._now = now

    def now(self) -> datetime:
        """The time that it was set to."""
        return self._now

    def seconds(self) -> float:
        """Seconds of the machine's clock."""
        return self._real.seconds()
