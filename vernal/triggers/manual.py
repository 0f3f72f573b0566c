"""Updates are made by hand."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.base import Decision
from vernal.triggers.trigger import Facts, State, Trigger


@dataclass(frozen=True)
class Manual(Trigger):
    """Never fires: for a team that updates by hand, and watches.

    Examples:
        >>> from datetime import UTC, datetime
        >>> Manual().look(Manual().start(), Facts(datetime(2026, 1, 1, tzinfo=UTC)))[1].outcome
        'keep'
    """

    def start(self) -> State:
        """Nothing to remember."""
        return {}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Keep the champion."""
        return state, Decision("keep", "Updates are made by hand.", {"rows": facts.rows})
