"""The two doors of a search: who decides what to try, and who decides how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vernal.space import Value
from vernal.tuning.moves import Move
from vernal.tuning.view import View


@runtime_checkable
class Scheduler(Protocol):
    """Decides which trial a free worker goes on with, and how far; a dataclass, whose fields are its options.

    It has no state: rungs and rankings are read off the trials, so that a restarted tuner decides alike.
    """

    def next(self, view: View) -> Move:
        """What a free worker is to do."""


@dataclass(frozen=True)
class Suggestion:
    """A configuration to try.

    Args:
        config: the values of all active ranges.
        origin: where it comes from, in words: ``"default"``, ``"random"``, ``"update 1a2b3c4d5e6f"``.
    """

    config: Mapping[str, Value]
    origin: str


@runtime_checkable
class Searcher(Protocol):
    """Decides which configuration the next trial has; a dataclass, whose fields are its options.

    It has no state: what it draws depends on the view's seed and the number of the trial.
    """

    def suggest(self, view: View) -> Suggestion:
        """A configuration for trial ``len(view.trials)``."""
