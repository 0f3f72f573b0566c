"""Groups of items that must not lose out, while the average rises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vernal.gate.compare import compare_scores
from vernal.gate.finding import Finding, said_p
from vernal.gate.holm import holm_levels
from vernal.gate.margin import Margin

Array = np.ndarray[Any, Any]

_NAMED = 3  # in the sentence; the evidence names all


def judge_slices(
    slices: Mapping[str, Array], challenger: Array, champion: Array, margin: Margin, alpha: float, min_items: int
) -> Finding:
    """Find the slices that are shown to lose more than the margin, by Holm's correction over all of them.

    A slice is refused on evidence, not passed on it: to show of each of many small groups that it does not lose would
    take labels that nobody has. "Any slice drops by two points", on the other hand, stops nearly every challenger.

    Args:
        slices: ``(n,)`` bool by name.
        challenger: ``(n,)`` scores.
        champion: ``(n,)`` scores.
        margin: the loss that a slice may have.
        alpha: chance of blaming any slice that loses no more than that.
        min_items: a smaller slice is listed, and not judged.

    Returns:
        ``"failed"`` with the culprits by name; ``"noted"`` if no slice is large enough to be judged.

    Examples:
        >>> champion = np.ones(400)
        >>> challenger = np.where(np.arange(400) < 20, 0.0, 1.0)
        >>> slices = {"new users": np.arange(400) < 100, "others": np.arange(400) >= 100}
        >>> judge_slices(slices, challenger, champion, Margin(0.0), 0.05, 30).why
        'new users loses 0.2 on 100 items (p < 0.0001)'
    """
    table: dict[str, dict[str, Any]] = {}
    for name, rows in sorted(slices.items()):
        items = int(rows.sum())
        table[name] = {"items": items, "outcome": "noted"}
        if items >= min_items:
            paired = compare_scores(challenger[rows], champion[rows])
            bound = -margin.of(float(champion[rows].mean()))
            table[name] |= {"difference": paired.difference, "bound": bound, "p": paired.p_below(bound)}
    judged = [row for row in table.values() if "p" in row]
    for row, level in zip(judged, holm_levels([row["p"] for row in judged], alpha), strict=True):
        row |= {"level": float(level), "outcome": "failed" if row["p"] <= level else "passed"}
    return _finding(table)


def _finding(table: Mapping[str, Mapping[str, Any]]) -> Finding:
    culprits = sorted((name for name, row in table.items() if row["outcome"] == "failed"), key=lambda c: table[c]["p"])
    judged = sum(row["outcome"] != "noted" for row in table.values())
    values = {"culprits": culprits, "slices": table}
    if culprits:
        blamed = [_blame(name, table[name]) for name in culprits[:_NAMED]]
        more = [f"and {len(culprits) - _NAMED} more slices"] if len(culprits) > _NAMED else []
        return Finding("slices", "failed", "; ".join(blamed + more), values)
    if judged:
        return Finding("slices", "passed", f"none of {judged} slices is shown to lose", values)
    return Finding("slices", "noted", "no slice is large enough to be judged", values)


def _blame(name: str, row: Mapping[str, Any]) -> str:
    return f"{name} loses {-row['difference']:.4g} on {row['items']:,} items ({said_p(row['p'])})"
