"""The opposite of a trigger."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.base import ConfigError, Decision
from vernal.triggers.at_least import AllOf, AnyOf
from vernal.triggers.trigger import Facts, Settled, State, Trigger


@dataclass(frozen=True)
class Not(Trigger):
    """Fires at every look at which no fire of another trigger is pending: ``~a``.

    A fire is pending as long as it holds, and no update was promoted; see `AtLeast`. So ``~Metric(...)`` is true while
    the metric is in order, and ``~Rows(1000)`` until a thousand rows came, and again after an update. While the other
    one waits, so does this. It says something about a moment only, and is of use beside others: ``a & ~b``.

    Args:
        trigger: the other one.

    Examples:
        >>> from datetime import UTC, datetime
        >>> from vernal.triggers import Rows
        >>> trigger = ~Rows(100)
        >>> trigger.look(trigger.start(), Facts(datetime(2026, 1, 1, tzinfo=UTC), rows=99))[1].outcome
        'update'
    """

    trigger: Trigger

    def __post_init__(self) -> None:
        if not isinstance(self.trigger, Trigger):
            raise ConfigError(f"Not() is the opposite of a trigger, got {self.trigger!r}.")

    def __str__(self) -> str:
        return f"~({self.trigger})" if isinstance(self.trigger, AllOf | AnyOf) else f"~{self.trigger}"

    @property
    def needs(self) -> frozenset[str]:
        """What the other one looks at."""
        return self.trigger.needs

    def start(self) -> State:
        """Nothing is pending."""
        return {"of": self.trigger.start(), "pending": False}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Let the other one look, and say the opposite."""
        after, decision = self.trigger.look(state["of"], facts)
        pending = decision.yes or (state["pending"] and self.trigger.holds(after))
        outcome = "keep" if pending else "wait" if decision.outcome == "wait" else "update"
        said = "has fired" if pending else "does not know" if outcome == "wait" else "has not fired"
        evidence = {"pending": pending, "of": {"trigger": str(self.trigger), **decision.to_json()}}
        why = (
            f"{self.trigger} {said}: {decision.why}" if decision.yes or not pending else f"{self.trigger} fired before."
        )
        return {"of": after, "pending": pending}, Decision(outcome, why, evidence, fires=int(outcome == "update"))

    def settle(self, state: State, settled: Settled) -> State:
        """Tell the other one; a new champion has learned what was pending."""
        pending = state["pending"] and not settled.promoted
        return {"of": self.trigger.settle(state["of"], settled), "pending": pending}

    def holds(self, state: State) -> bool:
        """No: it is said of a moment."""
        del state
        return False
