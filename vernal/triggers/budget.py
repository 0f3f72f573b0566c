"""No more updates than there is money for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vernal.base import ConfigError, Decision, check_range, check_whole, period
from vernal.triggers.suppressed import Asked
from vernal.triggers.trigger import Facts, Settled, State, Trigger


@dataclass(frozen=True)
class Budget(Trigger):
    """Lets another trigger fire so many times, or at such a cost, in any period of a length.

    Its own fires count, and the costs of all updates, whatever they were decided by, also of rejected ones. What goes
    beyond is recorded as suppressed; it is put off as `Cooldown` does it, until there is room.

    Args:
        trigger: the other one; it sees everything all the time.
        updates: how many times it may fire in a period; None for any number.
        cost: what all updates of a period may cost, in the unit of the user; None for any cost. An update begins only
            if what it is expected to cost (`Facts.cost`) is left; the first, whose cost nobody knows, if anything is.
        per: the length of the period, e.g. ``"1d"``; it slides: what is older counts no more.

    Examples:
        >>> from datetime import UTC, datetime
        >>> from vernal.triggers import Rows
        >>> trigger = Budget(Rows(100), updates=3, per="1d")
        >>> _, decision = trigger.look(trigger.start(), Facts(datetime(2026, 1, 1, tzinfo=UTC), rows=500))
        >>> decision.fires, decision.evidence["suppressed"]
        (3, 2)
    """

    trigger: Trigger
    updates: int | None = None
    cost: float | None = None
    per: str = "1d"

    def __post_init__(self) -> None:
        period(self.per)
        if self.updates is None and self.cost is None:
            raise ConfigError("A budget needs a limit. Give `updates`, `cost`, or both.")
        if self.updates is not None:
            check_whole("updates", self.updates, 1)
        if self.cost is not None:
            check_range("cost", self.cost, 0)

    @property
    def needs(self) -> frozenset[str]:
        """What the other one looks at."""
        return self.trigger.needs

    def start(self) -> State:
        """Nothing has been spent."""
        return {"of": self.trigger.start(), "fires": [], "costs": [], "put_off": False}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Let the other one look, and fire as far as there is room."""
        after, decision = self.trigger.look(state["of"], facts)
        asked = Asked.of(self.trigger, after, decision, state["put_off"])
        now = facts.now.timestamp()
        fires, costs = self._lately(state["fires"], now), self._lately(state["costs"], now)
        made, spent = int(sum(amount for _, amount in fires)), sum(amount for _, amount in costs)
        allowed = min(self._places(made), self._affordable(spent, facts.cost), asked.fires)
        evidence = {"updates": made, "spent": spent, "expected": facts.cost, "limit": self._limits(), "per": self.per}
        decision, put_off = asked.answered(int(allowed), self._why(made, spent, facts.cost), evidence)
        fires = [*fires, [now, decision.fires]] if decision.yes else fires
        return {"of": after, "fires": fires, "costs": costs, "put_off": put_off}, decision

    def settle(self, state: State, settled: Settled) -> State:
        """Book what an update has cost."""
        costs = [*state["costs"], [settled.time.timestamp(), settled.cost]]
        of = self.trigger.settle(state["of"], settled)
        return {**state, "of": of, "costs": costs, "put_off": state["put_off"] and not settled.promoted}

    def holds(self, state: State) -> bool:
        """Whether it holds for the other one."""
        return self.trigger.holds(state["of"])

    def _lately(self, entries: list[Any], now: float) -> list[Any]:
        since = now - period(self.per).total_seconds()
        return [entry for entry in entries if entry[0] > since]

    def _places(self, made: int) -> float:
        return float("inf") if self.updates is None else self.updates - made

    def _affordable(self, spent: float, expected: float | None) -> float:
        """How many updates there is money for."""
        if self.cost is None:
            return float("inf")
        left = self.cost - spent
        return left // expected if expected else float(left > 0)

    def _limits(self) -> dict[str, Any]:
        return {"updates": self.updates, "cost": self.cost}

    def _why(self, made: int, spent: float, expected: float | None) -> str:
        limits = []
        if self.updates is not None:
            limits.append(f"{self.updates} updates in {self.per} are the limit, and {made} had been made")
        if self.cost is not None:
            price = "nobody knows what the next one costs" if expected is None else f"the next one costs {expected:g}"
            limits.append(f"{self.cost:g} in {self.per} is the limit, {spent:g} had been spent, and {price}")
        return "; ".join(limits)
