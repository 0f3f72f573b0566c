"""Fires that are let through in part only."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.base import Decision
from vernal.triggers.trigger import State, Trigger


@dataclass(frozen=True)
class Asked:
    """What a trigger asks for that is not free to fire: its decision now, and what was put off before.

    Args:
        trigger: that which asks.
        decision: of its look.
        put_off: whether it fired before, was not let through, and what it fired for still holds.
    """

    trigger: Trigger
    decision: Decision
    put_off: bool

    @classmethod
    def of(cls, trigger: Trigger, after: State, decision: Decision, put_off: bool) -> Asked:
        """What is asked for after a look, with what was put off at the look before."""
        return cls(trigger, decision, put_off and trigger.holds(after))

    @property
    def fires(self) -> int:
        """How many fires are asked for; all that was put off is one."""
        return self.decision.fires or int(self.put_off)

    def answered(self, allowed: int, why: str, evidence: State) -> tuple[Decision, bool]:
        """What becomes of it, and whether it is put off.

        Args:
            allowed: how many fires may be let through.
            why: what the limit is, as a clause with its numbers.
            evidence: the same as plain values.
        """
        let = min(self.fires, max(0, allowed))
        suppressed = self.fires - let
        known = {**evidence, "suppressed": suppressed, "of": {"trigger": str(self.trigger), **self.decision.to_json()}}
        if not self.fires:
            return Decision(self.decision.outcome, self.decision.why, known), False
        asked = self.decision.why if self.decision.yes else f"{self.trigger} was put off before."
        rest = f" Suppressed: {suppressed} of {self.fires}, because {why}." if suppressed else ""
        return Decision("update" if let else "keep", asked + rest, known, fires=let), not let
