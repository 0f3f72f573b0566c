"""What an update gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """A committed update.

    Args:
        record: everything about it, as plain values: what made it, what was measured, what it cost.
        store: the URL of the store in which model and state lie.
        promoted: whether its model is the champion after the call.
        repeated: whether it had been committed by an earlier call, so that nothing was done now.
    """

    record: Mapping[str, Any] = field(repr=False)
    store: str
    promoted: bool
    repeated: bool = False

    def __str__(self) -> str:
        role = "the champion" if self.promoted else "beside the champion"
        return f"update {self.id} of {self.store}, {role}" + (", from an earlier call" if self.repeated else "")

    @property
    def id(self) -> str:
        """The id of the update."""
        return str(self.record["id"])

    @property
    def metrics(self) -> Mapping[str, float]:
        """What was measured on the new chunk's validation rows; empty if there are none."""
        own = [row for row in self.validation if row["number"] == self.record["number"]]
        return own[0]["after"] if own else {}

    @property
    def validation(self) -> list[Mapping[str, Any]]:
        """For each chunk so far: rows, metrics before and after, flips."""
        return list(self.record["metrics"].get("validation", []))

    @property
    def summary(self) -> Mapping[str, float]:
        """Average, forgetting and transfer over all chunks so far."""
        summary: Mapping[str, float] = self.record["metrics"].get("summary", {})
        return summary

    @property
    def costs(self) -> Mapping[str, Any]:
        """Seconds of each part, samples processed, bytes written, peak memory."""
        costs: Mapping[str, Any] = self.record["costs"]
        return costs
