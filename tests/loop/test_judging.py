"""Who may wait for labels: of new rows, which tell who has the better mean score, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from vernal.base import Decision
from vernal.gate import Gate
from vernal.loop.judging import waits_for_labels


def verdict(version: str, outcome: str = "inconclusive", missing: int | None = 9, **checks: str) -> dict[str, Any]:
    """What a gate says of a challenger: the outcome of each check."""
    findings = [{"check": check, "outcome": found} for check, found in checks.items()]
    return {"version": version, "outcome": outcome, "labels_missing": missing, "findings": findings}


OPEN = verdict("open", champion="open", anchor="passed", slices="noted")


@pytest.mark.parametrize(
    ("verdicts", "waits"),
    [
        ([OPEN], "open"),
        ([verdict("forgot", "reject", champion="open", forgetting="failed"), OPEN], "open"),
        ([verdict("forgets", champion="passed", forgetting="open")], None),
        ([verdict("behind", champion="open", anchor="open")], None),
        ([verdict("few", evidence="open")], None),
        ([verdict("unmeasured", missing=None, champion="passed", loads="open")], None),
        ([verdict("hopeless", missing=None, champion="open")], None),
    ],
    ids=lambda value: value[0]["version"] if isinstance(value, list) else None,
)
def test_one_waits_whose_comparison_with_the_champion_is_all_that_is_open(
    verdicts: list[dict[str, Any]], waits: str | None
) -> None:
    decision = Decision("inconclusive", "too few labels", {"challengers": verdicts})
    assert waits_for_labels(Gate(), decision) == waits


def test_nobody_waits_where_another_metric_decides_or_nothing_is_open() -> None:
    evidence = {"challengers": [OPEN]}
    assert waits_for_labels(Gate(metric="macro_f1"), Decision("inconclusive", "", evidence)) is None
    assert waits_for_labels(Gate(), Decision("promote", "", evidence)) is None
    assert waits_for_labels(Gate(), Decision("reject", "", evidence)) is None
