"""When a prediction can be judged, and which label it is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

# A look: its time, and the sequence numbers of the newest prediction and the newest label that were written by then.
Cursor = Mapping[str, Any]


class WrittenPrediction(NamedTuple):
    """A row of the predictions; `sequence` grows in the order of writing."""

    sequence: int
    id: str
    time: float
    version: str
    prediction: str


class WrittenLabel(NamedTuple):
    """A row of the labels; `sequence` grows in the order of writing."""

    sequence: int
    id: str
    known: float
    label: str


@dataclass(frozen=True)
class Maturity:
    """What makes a prediction mature.

    Args:
        seconds: how old it must be.
        needs_label: whether one without a label stays immature, however old. If not, only labels that became known
            within `seconds` count.

    Examples:
        >>> a_day = Maturity(86_400.0, needs_label=True)
        >>> prediction, label = WrittenPrediction(1, "a", 0.0, "fraud:1.0", "0.9"), WrittenLabel(1, "a", 90_000.0, "1")
        >>> looks = [{"time": now, "predictions": 1, "labels": 1} for now in (86_400.0, 90_000.0)]
        >>> [a_day.reached(prediction, [label], look) for look in looks]
        [False, True]
    """

    seconds: float
    needs_label: bool

    def due(self, now: float) -> float:
        """The time of the youngest predictions that are old enough."""
        return now - self.seconds

    def reached(self, prediction: WrittenPrediction, labels: Sequence[WrittenLabel], look: Cursor) -> bool:
        """Whether a look found the prediction mature. Once it was found, every later look would find it too."""
        if prediction.sequence > look["predictions"] or prediction.time > self.due(look["time"]):
            return False
        return not self.needs_label or any(
            label.sequence <= look["labels"] and label.known <= look["time"] for label in labels
        )

    def label(self, prediction: WrittenPrediction, labels: Sequence[WrittenLabel], now: float) -> str | None:
        """The label that counts at a time, which is the latest; None if none does."""
        until = now if self.needs_label else min(now, prediction.time + self.seconds)
        counting = [label for label in labels if label.known <= until]
        return max(counting, key=lambda label: label.known).label if counting else None
