"""Several triggers as one: all of them, any of them, or so many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vernal.base import ConfigError, Decision, check_whole
from vernal.triggers.trigger import Facts, Settled, State, Trigger


@dataclass(frozen=True, init=False)
class AtLeast(Trigger):
    """Fires when so many of its triggers have fired, each at its own time.

    All of them see all facts, whatever the others decide. A fire is *pending* from then on, as long as it holds
    (`Trigger.holds`: rows that came stay, an hour passes, a metric may recover). When enough are pending, it fires once
    and has used them up; an update that was promoted for other reasons uses them up as well. With triggers
    that do not know enough (``"wait"``), it waits if they could still make the number, and keeps otherwise: so it is
    Kleene's logic of yes, no and unknown.

    Args:
        n: how many, from 1 to the number of triggers.
        triggers: what they are, one or more.

    Examples:
        >>> from datetime import UTC, datetime, timedelta
        >>> from vernal.triggers import Every, Rows
        >>> trigger, now = Rows(100) & Every("1d"), datetime(2026, 1, 1, tzinfo=UTC)
        >>> state, _ = trigger.look(trigger.start(), Facts(now))
        >>> state, decision = trigger.look(state, Facts(now + timedelta(hours=5), rows=100))
        >>> decision.outcome  # The rows are there, and it is not time yet.
        'keep'
        >>> trigger.look(state, Facts(now + timedelta(days=1)))[1].outcome
        'update'
    """

    n: int
    triggers: tuple[Trigger, ...]

    def __init__(self, n: int, *triggers: Trigger) -> None:
        object.__setattr__(self, "n", n)
        object.__setattr__(self, "triggers", triggers)
        if not triggers or not all(isinstance(one, Trigger) for one in triggers):
            raise ConfigError(f"{type(self).__name__} is made of one or more triggers, got {triggers!r}.")
        check_whole("n", n, 1)
        if n > len(triggers):
            raise ConfigError(f"{n} of {len(triggers)} triggers can never fire. Ask for {len(triggers)} at most.")

    @classmethod
    def parts(cls, trigger: Trigger) -> tuple[Trigger, ...]:
        """What a trigger is made of if it is one of these; else itself."""
        return trigger.triggers if isinstance(trigger, cls) else (trigger,)

    def __str__(self) -> str:
        return f"at_least({', '.join(map(str, (self.n, *self.triggers)))})"

    @property
    def needs(self) -> frozenset[str]:
        """What any of them looks at."""
        return frozenset().union(*(one.needs for one in self.triggers))

    def start(self) -> State:
        """Nothing is pending."""
        nothing = [False] * len(self.triggers)
        return {"of": [one.start() for one in self.triggers], "pending": nothing, "fired_by": nothing}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Let all of them look, and count."""
        looks = [one.look(before, facts) for one, before in zip(self.triggers, state["of"], strict=True)]
        states, decisions = [after for after, _ in looks], [decision for _, decision in looks]
        pending = [
            decision.yes or (was and one.holds(after))
            for one, after, decision, was in zip(self.triggers, states, decisions, state["pending"], strict=True)
        ]
        decision = self._decision(decisions, pending)
        if decision.yes:
            return {"of": states, "pending": [False] * len(pending), "fired_by": pending}, decision
        return {"of": states, "pending": pending, "fired_by": state["fired_by"]}, decision

    def settle(self, state: State, settled: Settled) -> State:
        """Tell all of them; a new champion has learned whatever was pending."""
        states = [one.settle(before, settled) for one, before in zip(self.triggers, state["of"], strict=True)]
        pending = [was and not settled.promoted for was in state["pending"]]
        return {**state, "of": states, "pending": pending}

    def holds(self, state: State) -> bool:
        """Whether enough of the fires that made it fire still hold."""
        parts = zip(self.triggers, state["of"], state["fired_by"], strict=True)
        return [fired and one.holds(now) for one, now, fired in parts].count(True) >= self.n

    def _decision(self, decisions: Sequence[Decision], pending: Sequence[bool]) -> Decision:
        count = sum(pending)
        unknown = sum(one.outcome == "wait" for one, fired in zip(decisions, pending, strict=True) if not fired)
        outcome = "update" if count >= self.n else "wait" if count + unknown >= self.n else "keep"
        evidence = {
            "fired": count,
            "unknown": unknown,
            "threshold": self.n,
            "of": [
                {"trigger": str(one), "pending": fired, **decision.to_json()}
                for one, decision, fired in zip(self.triggers, decisions, pending, strict=True)
            ],
        }
        return Decision(outcome, self._why(decisions, pending), evidence, fires=int(outcome == "update"))

    def _why(self, decisions: Sequence[Decision], pending: Sequence[bool]) -> str:
        """What those say that fired; and where they are too few, what the others say as well."""
        enough = sum(pending) >= self.n
        parts = zip(self.triggers, decisions, pending, strict=True)
        whys = [
            f"{one} fired before." if fired and not decision.yes else decision.why
            for one, decision, fired in parts
            if fired or not enough
        ]
        return f"{sum(pending)} of {len(pending)} fired ({self.n} needed): {' '.join(whys)}"


class AllOf(AtLeast):
    """Fires when all of its triggers have fired, each at its own time: ``a & b``; see `AtLeast`.

    Args:
        triggers: one or more.

    Examples:
        >>> from vernal.triggers import Cron, Rows
        >>> str(Rows(1000) & Cron("0 2 * * *") & Rows(5))
        "rows(1000) & cron('0 2 * * *') & rows(5)"
    """

    def __init__(self, *triggers: Trigger) -> None:
        super().__init__(max(1, len(triggers)), *triggers)

    def __str__(self) -> str:
        if len(self.triggers) == 1 or any(isinstance(one, AllOf) for one in self.triggers):
            return f"all_of({', '.join(map(str, self.triggers))})"
        return " & ".join(f"({one})" if isinstance(one, AnyOf) else str(one) for one in self.triggers)


class AnyOf(AtLeast):
    """Fires whenever one of its triggers fires: ``a | b``; several at the same look are one fire. See `AtLeast`.

    Args:
        triggers: one or more.

    Examples:
        >>> from vernal.triggers import Cron, Rows
        >>> str((Rows(1000) | Cron("0 2 * * 1")) & Rows(10))
        "(rows(1000) | cron('0 2 * * 1')) & rows(10)"
    """

    def __init__(self, *triggers: Trigger) -> None:
        super().__init__(1, *triggers)

    def __str__(self) -> str:
        if len(self.triggers) == 1 or any(isinstance(one, AnyOf) for one in self.triggers):
            return f"any_of({', '.join(map(str, self.triggers))})"
        return " | ".join(map(str, self.triggers))
