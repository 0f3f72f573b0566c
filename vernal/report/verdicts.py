"""What a gate found of challengers, with intervals drawn against what they must lie above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vernal.report.rulers import Ruler

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Spread:
    """An interval of a difference, drawn in a strip; places run from 0 to 100.

    Args:
        low: where the interval begins.
        high: where it ends.
        at: the difference itself.
        bound: what it must lie above.
        zero: where there is no difference.
    """

    low: float
    high: float
    at: float
    bound: float
    zero: float

    @classmethod
    def of(cls, finding: Values) -> Spread | None:
        """The interval of a finding, or of a slice; None if it has none that is finite."""
        ends = [*(finding.get("interval") or [None])]
        numbers = [*ends, finding.get("difference")]
        bound = finding.get("bound", 0.0)
        if bound is None or any(number is None for number in numbers):
            return None
        ruler = Ruler.spanning([*numbers, bound, 0.0])
        reach = (ruler.high - ruler.low) / 20
        ruler = Ruler(ruler.low - reach, ruler.high + reach)
        return cls(*(round(100 * (ruler.place(float(one)) or 0.0), 1) for one in (*numbers, bound, 0.0)))


@dataclass(frozen=True)
class Check:
    """One check of one challenger.

    Args:
        name: of the check.
        outcome: ``passed``, ``failed``, ``open`` or ``noted``.
        why: what it says.
        spread: the interval, if there is one.
        facts: other numbers, as names and values.
    """

    name: str
    outcome: str
    why: str
    spread: Spread | None
    facts: Sequence[tuple[str, Any]]

    @classmethod
    def of(cls, finding: Values) -> Check:
        """A finding of the gate."""
        shown = ("test", "items", "confidence", "p", "level")
        facts = [(name, finding[name]) for name in shown if finding.get(name) is not None]
        labels = finding.get("labels") or {}
        facts += [(f"labels {name}", labels[name]) for name in ("have", "needed", "missing") if labels.get(name)]
        return cls(finding["check"], finding["outcome"], finding["why"], Spread.of(finding), facts)


@dataclass(frozen=True)
class Slice:
    """What became of a part of the items.

    Args:
        name: of the slice.
        items: how many it has.
        outcome: as of a check.
        difference: the challenger's gain there; None if it was not judged.
        is_culprit: whether it speaks against the challenger.
    """

    name: str
    items: int
    outcome: str
    difference: float | None
    is_culprit: bool


@dataclass(frozen=True)
class Challenger:
    """A challenger before the gate.

    Args:
        version: its id.
        outcome: ``promote``, ``reject`` or ``inconclusive``.
        checks: what was looked at.
        slices: its parts, culprits first.
    """

    version: str
    outcome: str
    checks: Sequence[Check]
    slices: Sequence[Slice]

    @classmethod
    def of(cls, verdict: Values) -> Challenger:
        """A challenger of the evidence."""
        findings = verdict["findings"]
        checks = [Check.of(finding) for finding in findings]
        slices = [one for finding in findings if finding.get("slices") for one in _slices(finding)]
        return cls(verdict["version"], verdict["outcome"], checks, slices)


@dataclass(frozen=True)
class Verdict:
    """One judgment of a gate.

    Args:
        decision: it, as it is in the ledger.
        challengers: what was found of each.
    """

    decision: Values
    challengers: Sequence[Challenger]

    @classmethod
    def of(cls, decision: Values) -> Verdict:
        """A decision of a gate; one that compared nothing has no challengers."""
        return cls(decision, [Challenger.of(one) for one in decision["evidence"].get("challengers", ())])

    @property
    def wear(self) -> str:
        """What is to be said of items that judge again and again."""
        wear = self.decision["evidence"].get("wear") or {}
        if not wear.get("looks"):
            return ""
        left = wear.get("judgments_left")
        return f"These items judged {wear['looks']} times before." + ("" if left is None else f" Good for {left} more.")

    @property
    def forced(self) -> str:
        """Why it was promoted whatever the gate said; empty if it was not."""
        return str((self.decision["evidence"].get("forced") or {}).get("reason", ""))


def _slices(finding: Values) -> list[Slice]:
    culprits = finding.get("culprits") or ()
    found = [
        Slice(name, one["items"], one["outcome"], one.get("difference"), name in culprits)
        for name, one in finding["slices"].items()
    ]
    return sorted(found, key=lambda one: (not one.is_culprit, one.difference is None, one.difference or 0.0))
