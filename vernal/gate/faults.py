"""What is missing or broken in a case, so that nothing can be said of anyone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from vernal.gate.case import Case, Scored
from vernal.gate.finding import Finding
from vernal.gate.metric import UNDEFINED, Metric

Array = np.ndarray[Any, Any]


def faults_of_case(case: Case, metric: Metric | None, first: str, forgets: bool) -> list[str]:
    """Why a case cannot be judged at all; empty if it can.

    Args:
        case: the case.
        metric: what the gate compares; None for the mean score.
        first: what the gate does where there is no champion.
        forgets: whether the gate has a forgetting budget.
    """
    if not case.challengers:
        return ["there is no challenger"]
    ids = items_of(case)
    return [
        *(["there is no champion to compare with"] if case.champion is None and first == "refuse" else []),
        *([] if len(ids) else ["there are no items"]),
        *_of_version("champion", case.champion, ids, case.y, metric),
        *_of_version("anchor", case.anchor, ids, case.y, metric),
        *([f"the metric {metric.name} needs targets, and there are none"] if metric and case.y is None else []),
        *_of_rows(case, len(ids)),
        *(["the forgetting budget needs the chunks of the items"] if forgets and not _has_chunks(case) else []),
    ]


def items_of(case: Case) -> Array:
    """The items of a case: those of the champion, or of the first challenger where there is none."""
    return (case.champion or case.challengers[0]).ids


def faults_of_version(scored: Scored, ids: Array, y: Array | None, metric: Metric | None) -> list[Finding]:
    """Why a version's answers cannot be judged; empty if they can.

    Answers that are not there leave the question open. Answers that are no numbers fail: they are what it says.
    """
    if len(scored.ids) != len(ids) or not np.array_equal(scored.ids, ids):
        return [_open("it was not evaluated on the same items")]
    if len(scored.scores) != len(ids):
        return [_open(f"it has {len(scored.scores):,} scores for {len(ids):,} items")]
    if broken := int((~np.isfinite(scored.scores)).sum()):
        return [_failed(f"{broken:,} of {len(ids):,} items have no score")]
    return [*_of_metric(scored, y, metric)] if metric and y is not None else []


def _of_metric(scored: Scored, y: Array, metric: Metric) -> Iterator[Finding]:
    if scored.predicted is None or len(scored.predicted) != len(y):
        yield _open(f"the metric {metric.name} needs its answers to all items, and they are missing")
        return
    try:
        value = metric.gain(y, scored.predicted)
    except UNDEFINED as error:
        yield _failed(f"the metric {metric.name} cannot be computed: {error}")
        return
    if not np.isfinite(value):
        yield _failed(f"the metric {metric.name} is not defined on its answers")


def _open(why: str) -> Finding:
    return Finding("evidence", "open", why)


def _failed(why: str) -> Finding:
    return Finding("evidence", "failed", why)


def _of_version(role: str, scored: Scored | None, ids: Array, y: Array | None, metric: Metric | None) -> list[str]:
    if scored is None:
        return []
    return [f"the {role} {scored.version}: {fault.why}" for fault in faults_of_version(scored, ids, y, metric)]


def _of_rows(case: Case, n: int) -> Iterator[str]:
    if case.y is not None and len(case.y) != n:
        yield f"there are {len(case.y):,} targets for {n:,} items"
    if case.chunks is not None and len(case.chunks) != n:
        yield f"there are {len(case.chunks):,} chunk numbers for {n:,} items"
    for name, rows in sorted(case.slices.items()):
        if len(rows) != n:
            yield f"the slice {name!r} covers {len(rows):,} items of {n:,}"
        elif not rows.any():
            yield f"the slice {name!r} is empty"


def _has_chunks(case: Case) -> bool:
    return case.chunks is not None and case.new is not None
