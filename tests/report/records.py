"""Records as the store keeps them, made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vernal.metrics import lineage_summary


def lineage_of(
    scores: Sequence[Sequence[float]],
    names: Sequence[str] | None = None,
    metric: str = "accuracy",
    higher_is_better: bool = True,
    samples: int = 100,
) -> list[dict[str, Any]]:
    """A lineage with known scores: row ``i`` holds those after update ``i`` on each chunk so far."""
    names = names or [f"chunk {n}" for n in range(1, 1 + len(scores))]
    records = []
    for i, row in enumerate(scores):
        validation = [_measured(n, names[n], score, metric, n == i) for n, score in enumerate(row)]
        summary = lineage_summary(scores[: i + 1], metric=metric, higher_is_better=higher_is_better)
        metrics = {
            "headline": metric,
            "higher_is_better": higher_is_better,
            "validation": validation,
            "summary": summary,
        }
        records.append(record(i + 1, names[i], metrics, samples))
    return records


def without_validation(n: int) -> list[dict[str, Any]]:
    """A lineage whose chunks came without validation rows."""
    metrics = {"headline": "accuracy", "higher_is_better": True, "validation": [], "summary": {}}
    return [record(number, f"chunk {number}", metrics) for number in range(1, 1 + n)]


def record(number: int, chunk: str, metrics: Mapping[str, Any], samples: int = 100) -> dict[str, Any]:
    return {
        "id": f"id{number}",
        "parent": f"id{number - 1}" if number > 1 else None,
        "number": number,
        "created": "2026-11-20T10:00:20+00:00",
        "chunk": {"name": chunk, "rows": 1000 + number},
        "plan": {
            "arguments": {"hidden": 64},
            "method": {"name": "er", "options": {"memory_size": 500}},
            "training": {"budget": "3ep"},
            "seed": 7,
        },
        "metrics": metrics,
        "training": {"replayed": 40},
        "costs": {
            "seconds": {"train": 1.25},
            "total_seconds": 2.5,
            "samples": samples,
            "bytes_written": 245_968,
            "peak_memory_bytes": None,
        },
        "environment": {"python": "3.11.7", "torch": "2.13.0"},
        "decision": {"yes": True, "why": "promoted on request, without a gate"},
    }


def _measured(n: int, name: str, score: float, metric: str, is_own: bool) -> dict[str, Any]:
    return {
        "number": n + 1,
        "chunk": name,
        "rows": 10 * (n + 1),
        "before": {metric: score / 2 if is_own else score},
        "after": {metric: score},
    }
