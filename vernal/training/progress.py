"""Who is told how far things are."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from vernal.base import Clock, Progress

_LOG = logging.getLogger("vernal")


class Reporter(Protocol):
    """Hears what happens during an update; shows it, logs it, or ignores it."""

    def phase(self, name: str) -> None:
        """Something else begins: reading data, training, evaluating, storing."""

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """Training goes on: `done` is the share of the budget that is spent; `loss` the latest mean loss."""

    def tuning(self, done: float, facts: Sequence[str]) -> None:
        """A search goes on: `done` is the share of its limits that is spent; `facts` say how it stands, in words."""

    def note(self, text: str) -> None:
        """Something worth keeping in the log."""


class Logged:
    """Writes to the logger ``vernal`` of Python's `logging`: phases and notes at once, progress every few seconds.

    To see it: ``logging.basicConfig(level=logging.INFO)``.

    Args:
        clock: measures the seconds.
        every: seconds between two lines of progress.
    """

    def __init__(self, clock: Clock, every: float = 5.0) -> None:
        self._clock, self._every = clock, every
        self._last = clock.seconds()

    def phase(self, name: str) -> None:
        """One line."""
        _LOG.info("%s", name)

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """One line, if the last is a while ago."""
        now = self._clock.seconds()
        if now - self._last < self._every:
            return
        self._last = now
        left = progress.minutes * (1 - done) / done if done else float("nan")
        _LOG.info("%3.0f%%, %d steps, loss %s, %.1f minutes left", 100 * done, progress.steps, loss, left)

    def tuning(self, done: float, facts: Sequence[str]) -> None:
        """One line, if the last is a while ago."""
        now = self._clock.seconds()
        if now - self._last >= self._every:
            self._last = now
            _LOG.info("%3.0f%%, %s", 100 * done, ", ".join(facts))

    def note(self, text: str) -> None:
        """One line."""
        _LOG.info("%s", text)


class Silent:
    """Nobody is told."""

    def phase(self, name: str) -> None:
        """Nothing."""

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """Nothing."""

    def tuning(self, done: float, facts: Sequence[str]) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""
