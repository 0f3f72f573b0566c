"""Doubles for the tests of the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class MovedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self._passed = timedelta(0)

    def move(self, seconds: float) -> None:
        self._passed += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return NOON + self._passed

    def seconds(self) -> float:
        return self._passed.total_seconds()
