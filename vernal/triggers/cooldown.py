"""A pause after each update."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.base import Decision, period
from vernal.triggers.moments import said
from vernal.triggers.suppressed import Asked
from vernal.triggers.trigger import Facts, Settled, State, Trigger


@dataclass(frozen=True)
class Cooldown(Trigger):
    """Lets another trigger fire once at the most, and then not again for a time.

    The time begins when it fires, and again when an update is settled, whatever it was decided by. A fire in between is
    recorded as suppressed. It is put off if what it fired for still holds when the time is over (`Trigger.holds`): the
    thousand rows are still there, an hour has passed. All that was put off is one fire, and a promoted update has
    answered it.

    Args:
        trigger: the other one; it sees everything all the time.
        span: of time, e.g. ``"6h"``.

    Examples:
        >>> from datetime import UTC, datetime, timedelta
        >>> from vernal.triggers import Rows
        >>> trigger, now = Cooldown(Rows(100), "6h"), datetime(2026, 1, 1, tzinfo=UTC)
        >>> state, _ = trigger.look(trigger.start(), Facts(now, rows=100))
        >>> state, decision = trigger.look(state, Facts(now + timedelta(hours=1), rows=100))
        >>> decision.outcome, decision.evidence["suppressed"]
        ('keep', 1)
        >>> trigger.look(state, Facts(now + timedelta(hours=6)))[1].outcome
        'update'
    """

    trigger: Trigger
    span: str

    def __post_init__(self) -> None:
        period(self.span)

    @property
    def needs(self) -> frozenset[str]:
        """What the other one looks at."""
        return self.trigger.needs

    def start(self) -> State:
        """Free to fire."""
        return {"of": self.trigger.start(), "since": None, "put_off": False}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Let the other one look, and fire if it may."""
        after, decision = self.trigger.look(state["of"], facts)
        asked = Asked.of(self.trigger, after, decision, state["put_off"])
        now, since = facts.now.timestamp(), state["since"]
        until = now if since is None else since + period(self.span).total_seconds()
        why = f"there is one update in {self.span} at the most, the next not before {said(until)}"
        decision, put_off = asked.answered(int(now >= until), why, {"cooldown": self.span, "until": said(until)})
        return {"of": after, "since": now if decision.yes else since, "put_off": put_off}, decision

    def settle(self, state: State, settled: Settled) -> State:
        """The time begins again."""
        of = self.trigger.settle(state["of"], settled)
        since = max(settled.time.timestamp(), state["since"] or -float("inf"))
        return {"of": of, "since": since, "put_off": state["put_off"] and not settled.promoted}

    def holds(self, state: State) -> bool:
        """Whether it holds for the other one."""
        return self.trigger.holds(state["of"])
