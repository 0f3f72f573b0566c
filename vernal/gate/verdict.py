"""What a gate says of one challenger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vernal.gate.finding import Finding

_OUTCOMES = {"failed": "reject", "open": "inconclusive", "passed": "promote"}


@dataclass(frozen=True)
class Verdict:
    """The findings of all checks of one challenger, and what they come to.

    Args:
        version: the challenger.
        findings: of all checks.
        value: its mean score, or its metric; NaN if it has none.
        rank: what the best of several is told by: more is better.

    Examples:
        >>> verdict = Verdict("b", [Finding("champion", "passed", "it is better"), Finding("limit", "open", "no size")])
        >>> verdict.outcome, verdict.why
        ('inconclusive', 'no size')
    """

    version: str
    findings: Sequence[Finding]
    value: float = math.nan
    rank: float = -math.inf

    @property
    def outcome(self) -> str:
        """``"reject"`` if any check failed, ``"inconclusive"`` if any is open, else ``"promote"``."""
        return _OUTCOMES[self._worst]

    @property
    def why(self) -> str:
        """What those findings say that decided."""
        return "; ".join(finding.why for finding in self.findings if finding.outcome == self._worst)

    @property
    def labels_missing(self) -> int | None:
        """How many labels would settle what is open; None if labels would not."""
        missing = [finding.values.get("labels", {}).get("missing") for finding in self.findings if _is_open(finding)]
        return None if not missing or None in missing else max(missing)

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain values."""
        return {
            "version": self.version,
            "outcome": self.outcome,
            "why": self.why,
            "value": self.value,
            "labels_missing": self.labels_missing,
            "findings": [finding.to_json() for finding in self.findings],
        }

    @property
    def _worst(self) -> str:
        outcomes = {finding.outcome for finding in self.findings}
        return next((outcome for outcome in ("failed", "open") if outcome in outcomes), "passed")


def _is_open(finding: Finding) -> bool:
    return finding.outcome == "open"
