"""An update after so many rows."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.base import Decision, check_whole
from vernal.triggers.trigger import Facts, State, Trigger


@dataclass(frozen=True)
class Rows(Trigger):
    """Fires once for every `n` rows that came, however they are dealt out to looks.

    Args:
        n: how many, at least 1.

    Examples:
        >>> from datetime import UTC, datetime
        >>> trigger, now = Rows(1000), datetime(2026, 1, 1, tzinfo=UTC)
        >>> state, decision = trigger.look(trigger.start(), Facts(now, rows=2300))
        >>> decision.fires, state
        (2, {'rows': 300})
    """

    n: int

    def __post_init__(self) -> None:
        check_whole("n", self.n, 1)

    def start(self) -> State:
        """No rows yet."""
        return {"rows": 0}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Fire as often as the amount is full."""
        total = state["rows"] + facts.rows
        fires, left = divmod(total, self.n)
        evidence = {"new_rows": facts.rows, "rows": total, "threshold": self.n}
        if not fires:
            why = f"{total:,} rows came since it last fired, and {self.n:,} are needed."
            return {"rows": left}, Decision("keep", why, evidence)
        why = f"{total:,} rows came since it last fired, and {self.n:,} are enough."
        return {"rows": left}, Decision("update", why, evidence, fires=fires)
