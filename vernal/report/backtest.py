"""The report on a backtest: what each policy would have been worth, and what freshness is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vernal.base import DataError
from vernal.report.backtest_drawings import freshness_drawing, pareto_drawing, quality_drawing, updates_drawing
from vernal.report.page import render

Findings = Mapping[str, Any]
SCHEMA_VERSION = 1
MOST_TURNS = 60  # of a policy, whose decisions are listed


def backtest_report(findings: Findings, title: str = "What policies would have been worth") -> str:
    """Write the report on a backtest.

    Args:
        findings: what ``findings.json`` holds, as `vernal.backtest.findings` gives it.
        title: the heading.

    Returns:
        One HTML page that needs nothing beside itself.

    Raises:
        DataError: these findings are of another kind or of a later version.
    """
    if findings.get("schema_version") != SCHEMA_VERSION:
        raise DataError(
            f"Findings of schema {findings.get('schema_version')!r} cannot be shown; this vernal knows "
            f"{SCHEMA_VERSION}. Run the backtest again: its models are kept."
        )
    draw = (quality_drawing, updates_drawing, pareto_drawing, freshness_drawing)
    values = {
        "title": title,
        "findings": findings,
        "drawings": [one(findings) for one in draw],
        "acted": {one["name"]: _acted(one["chunks"]) for one in findings["policies"]},
        "in_percent": findings["metric"] == "accuracy",
        "most": MOST_TURNS,
    }
    return render("backtest.html", values)


def _acted(chunks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The turns in which more was done than to keep the model."""
    return [one for one in chunks if one["outcome"] != "kept" or one["updates"]]
