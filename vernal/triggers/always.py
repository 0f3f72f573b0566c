"""An update whenever there is something to learn."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.base import Decision
from vernal.triggers.trigger import Facts, State, Trigger


@dataclass(frozen=True)
class Always(Trigger):
    """Fires at every look at which rows came: the most fresh and most costly of all policies, and a yardstick.

    Examples:
        >>> from datetime import UTC, datetime
        >>> Always().look({}, Facts(datetime(2026, 1, 1, tzinfo=UTC), rows=1))[1].outcome
        'update'
    """

    def start(self) -> State:
        """Nothing to remember."""
        return {}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Fire if rows came."""
        if not facts.rows:
            return state, Decision("keep", "No rows came.", {"rows": 0})
        return state, Decision("update", f"{facts.rows:,} rows came.", {"rows": facts.rows}, fires=1)
