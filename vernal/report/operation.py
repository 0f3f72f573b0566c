"""What a loop did, as a report looks at it: decisions and moves of the champion, out of plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """A sample that was compared with one of the champion's time.

    Args:
        time: when, as ISO 8601.
        sample: its name.
        effect: how large the difference is; None where nothing could be said.
        p: the p-value, adjusted for several samples.
        unit: of the effect.
        floor: what an effect must reach to matter.
        alpha: what the p-value is held to.
    """

    time: str
    sample: str
    effect: float | None
    p: float | None
    unit: str
    floor: float
    alpha: float


@dataclass(frozen=True)
class Watched:
    """A metric that a trigger looked at.

    Args:
        time: when, as ISO 8601.
        metric: its name.
        value: the mean over its window.
        threshold: what it is compared with, if that is a level of the metric itself.
    """

    time: str
    metric: str
    value: float
    threshold: float | None


@dataclass(frozen=True)
class Judged:
    """What a gate measured of the champion and of a challenger, on the same items.

    Args:
        time: when, as ISO 8601.
        champion: the champion's value.
        challenger: the challenger's.
    """

    time: str
    champion: float
    challenger: float


@dataclass(frozen=True)
class Operation:
    """What a loop did.

    Args:
        decisions: as `vernal decisions --json` prints them, oldest first: ``time``, ``kind``, ``subject``, ``outcome``,
            ``why``, ``evidence``.
        moves: of the champion, oldest first: ``time``, ``kind``, ``id``, ``replaced``, ``why``.
    """

    decisions: Sequence[Values]
    moves: Sequence[Values] = ()

    def of_kind(self, kind: str) -> list[Values]:
        """The decisions of one kind, oldest first."""
        return [one for one in self.decisions if one["kind"] == kind]

    @property
    def times(self) -> list[str]:
        """When anything happened."""
        return [one["time"] for one in (*self.decisions, *self.moves)]

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How often each kind of decision came out how."""
        return Counter((one["kind"], one["outcome"]) for one in self.decisions)

    @property
    def seconds(self) -> float:
        """How long all updates took."""
        return sum(seconds for _, seconds in self.costs)

    @property
    def costs(self) -> list[tuple[str, float]]:
        """When each update was made, and how long it took."""
        made = [one for one in self.of_kind("update") if "costs" in one["evidence"]]
        return [(one["time"], float(one["evidence"]["costs"]["total_seconds"])) for one in made]

    @property
    def comparisons(self) -> list[Compared]:
        """All two-sample tests."""
        return [
            Compared(time, name, one["effect"], one["adjusted_p"], one["unit"], found["floor"], found["alpha"])
            for time, found in self._evidence("comparisons")
            for name, one in found["comparisons"].items()
        ]

    @property
    def watched(self) -> list[Watched]:
        """All metrics that triggers looked at."""
        return [
            Watched(time, found["metric"], found["measured"]["value"], _level(found))
            for time, found in self._evidence("measured")
            if found["measured"] is not None
        ]

    @property
    def judged(self) -> list[Judged]:
        """What gates measured of champion and challengers."""
        return [
            Judged(gate["time"], finding["value_against"], finding["value"])
            for gate in self.of_kind("gate")
            for challenger in gate["evidence"].get("challengers", ())
            for finding in challenger["findings"]
            if finding["check"] == "champion" and finding.get("value_against") is not None
        ]

    def _evidence(self, key: str) -> Iterator[tuple[str, Values]]:
        """The evidence of triggers, and of those that they are made of, that has a key; and when it was."""
        for one in self.of_kind("trigger"):
            for found in within(one["evidence"]):
                if key in found:
                    yield one["time"], found


def within(value: Any) -> Iterator[Values]:
    """All mappings in a plain value, itself included, from the outside to the inside."""
    if isinstance(value, Mapping):
        yield value
        for part in value.values():
            yield from within(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from within(part)


def notes_of(decision: Values) -> list[str]:
    """What must stand beside the numbers of a decision, such as that an estimate without labels is blind to much."""
    notes = [found.get("note") for found in within(decision["evidence"])]
    return [*dict.fromkeys(note for note in notes if isinstance(note, str) and note)]


def _level(found: Values) -> float | None:
    """What a metric is compared with, unless that is a difference from a baseline."""
    threshold = found.get("threshold")
    return float(threshold) if isinstance(threshold, int | float) and not found.get("baseline") else None
