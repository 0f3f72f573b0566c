"""Who is told how far things are."""

from __future__ import annotations

from typing import Protocol

from vernal.base import Progress


class Reporter(Protocol):
    """Hears what happens during an update; shows it, logs it, or ignores it."""

    def phase(self, name: str) -> None:
        """Something else begins: reading data, training, evaluating, storing."""

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """Training goes on: `done` is the share of the budget that is spent; `loss` the latest mean loss."""

    def note(self, text: str) -> None:
        """Something worth keeping in the log."""


class Silent:
    """Nobody is told."""

    def phase(self, name: str) -> None:
        """Nothing."""

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""
