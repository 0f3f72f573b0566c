"""What was decided, why, and on what evidence: one value for triggers, policies and gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Decision:
    """An answer that can be stored and explained.

    Args:
        outcome: the answer. Of a trigger: ``"update"``, ``"wait"`` (not enough is known yet) or ``"keep"``; of a gate:
            ``"promote"``, ``"reject"`` or ``"inconclusive"``.
        why: one sentence for people, with the numbers that matter.
        evidence: what it rests on, as plain values: inputs, statistic, threshold, and the decisions that it is made of.
        fires: how often a trigger fired in what it has just seen: a counter that saw three times its amount fired
            three times. 0 for every other outcome than ``"update"``.

    Examples:
        >>> Decision("update", "1,000 rows came, and 500 are enough", {"rows": 1000, "threshold": 500}, fires=2).yes
        True
    """

    outcome: str
    why: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    fires: int = 0

    @property
    def yes(self) -> bool:
        """Whether something is to be done: an update, or a promotion."""
        return self.outcome in ("update", "promote")

    def to_json(self) -> dict[str, Any]:
        """The decision as plain values."""
        fires = {"fires": self.fires} if self.fires else {}
        return {"outcome": self.outcome, "why": self.why, "evidence": dict(self.evidence)} | fires
