"""An update whenever the data has grown by a share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from vernal.base import Decision, check_range
from vernal.triggers.trigger import Facts, Settled, State, Trigger


@dataclass(frozen=True)
class Growth(Trigger):
    """Fires whenever there are so many more rows, by share, than when it last fired, or than at its first look.

    A promotion starts the count anew, from all that the new champion has learned.

    What is worth an update of a thousand rows is a drop among a million: updates become rarer as the data grows.

    Args:
        share: by how much, at least 0.001: 0.05 is 5 %. It is taken as the decimal number that is written, so that 10 %
            more than 100 are 110 rows, and not 111.

    Examples:
        >>> from datetime import UTC, datetime
        >>> trigger, now = Growth(0.05), datetime(2026, 1, 1, tzinfo=UTC)
        >>> state, decision = trigger.look(trigger.start(), Facts(now, known=1000, rows=120))
        >>> decision.fires, state  # At 1,050 and at 1,103 rows.
        (2, {'base': 1103, 'rows': 1120})
    """

    share: float

    def __post_init__(self) -> None:
        check_range("share", self.share, 0.001)

    def start(self) -> State:
        """What there is, only the first look can tell."""
        return {"base": None, "rows": None}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Fire as often as the data has grown by the share."""
        first = state["base"] is None
        base, total = (facts.known, facts.known + facts.rows) if first else (state["base"], state["rows"] + facts.rows)
        evidence = {"new_rows": facts.rows, "rows": total, "base": base, "threshold": self._next(base)}
        fires = 0
        while total >= self._next(base):
            base, fires = self._next(base), fires + 1
        more = f"{evidence['threshold']:,} are {100 * self.share:.4g} % more than {evidence['base']:,}"
        why = f"There are {total:,} rows; {more if evidence['base'] else 'before there were none'}."
        return {"base": base, "rows": total}, Decision("update" if fires else "keep", why, evidence, fires=fires)

    def settle(self, state: State, settled: Settled) -> State:
        """Count from what the new champion has learned."""
        return {**state, "base": state["rows"]} if settled.promoted and state["rows"] else state

    def _next(self, base: int) -> int:
        """The least number of rows that is enough more than these."""
        return max(base + 1, math.ceil(base * (1 + Fraction(str(self.share)))))
