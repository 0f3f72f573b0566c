"""What one of a gate's checks found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["passed", "failed", "open", "noted"]


@dataclass(frozen=True)
class Finding:
    """The answer of one check about one challenger.

    Args:
        check: its name: ``"champion"``, ``"anchor"``, ``"forgetting"``, ``"slice"``, ``"limit"`` or ``"evidence"``.
        outcome: ``"failed"`` speaks against the challenger; ``"open"`` cannot be told from what is known, and keeps it
            from being promoted too; ``"noted"`` decides nothing.
        why: one clause for people, with the numbers.
        values: what it rests on, as plain values.
    """

    check: str
    outcome: Outcome
    why: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The finding as plain values."""
        return {"check": self.check, "outcome": self.outcome, "why": self.why, **self.values}


def said_p(p: float) -> str:
    """A p-value for people.

    Examples:
        >>> said_p(0.0312), said_p(3e-9)
        ('p = 0.031', 'p < 0.0001')
    """
    return f"p = {p:.2g}" if p >= 1e-4 else "p < 0.0001"
