"""An update after every span of time."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.base import Decision, period
from vernal.triggers.moments import said
from vernal.triggers.trigger import Facts, State, Trigger


@dataclass(frozen=True)
class Every(Trigger):
    """Fires in equal steps of time, counted from its first look, wherever clocks are set forward or back.

    A look that comes late does not shift the steps after it, and fires once however many it missed.

    Args:
        span: of time, e.g. ``"6h"`` or ``"2w"``.

    Examples:
        >>> from datetime import UTC, datetime
        >>> trigger = Every("6h")
        >>> state, _ = trigger.look(trigger.start(), Facts(datetime(2026, 1, 1, tzinfo=UTC)))
        >>> trigger.look(state, Facts(datetime(2026, 1, 1, 13, tzinfo=UTC)))[1].why
        'A step of 6h ended at 2026-01-01 12:00:00 UTC.'
    """

    span: str

    def __post_init__(self) -> None:
        period(self.span)

    def start(self) -> State:
        """The steps begin with the first look."""
        return {"since": None}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Fire if a step has ended."""
        now, step = facts.now.timestamp(), period(self.span).total_seconds()
        since = now if state["since"] is None else state["since"]
        ended = max(0, int((now - since) // step))
        since += ended * step
        evidence = {"ended": ended, "since": said(since), "next": said(since + step)}
        if not ended:
            return {"since": since}, Decision(
                "keep", f"The next step of {self.span} ends at {evidence['next']}.", evidence
            )
        why = f"A step of {self.span} ended at {evidence['since']}."
        return {"since": since}, Decision("update", why, evidence, fires=1)

    def holds(self, state: State) -> bool:
        """No: a moment passes."""
        del state
        return False
