"""Findings of a backtest, made up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 6


def findings_of(
    scores: dict[str, Sequence[float]] | None = None, metric: str = "accuracy", update_cost: float | None = 5.0
) -> dict[str, Any]:
    """Findings of policies with known scores on each chunk but the first; the first policy is the best."""
    scores = scores or {"always": [0.9, 0.92, 0.91, 0.9, 0.93], "never": [0.9, 0.8, 0.7, 0.75, 0.7]}
    chunks = 1 + max(map(len, scores.values()))
    policies = [policy_of(name, n, of, metric, update_cost) for n, (name, of) in enumerate(scores.items())]
    return {
        "schema_version": 1,
        "metric": metric,
        "update_cost": update_cost,
        "delay": None,
        "chunks": [{"end": (START + timedelta(days=day)).isoformat(), "rows": 100} for day in range(chunks)],
        "policies": policies,
        "best": next(iter(scores)),
        "present": None,
        "trained": 7,
        "reused": 3,
        "freshness": freshness_of(chunks),
        "recommendation": None,
        "oracle": {"updates_after": [1, 3], "cost": 61.5} if update_cost is not None else None,
        "caveats": ["One history is one sample."],
        "said": ["Cheapest: always.", "Freshness: the error grows."],
    }


def policy_of(
    name: str, n: int, scores: Sequence[float], metric: str = "accuracy", update_cost: float | None = 5.0
) -> dict[str, Any]:
    updates = 0 if n else len(scores)
    chunks = [
        {
            "number": number,
            "champion": f"v{number}",
            "score": score,
            "error": 1 - score if metric == "accuracy" else -score,
            "rows": 100,
            "outcome": "kept" if n else "promoted",
            "why": f"why {number}",
            "updates": [] if n else [f"v{number + 1}"],
            "seconds": 0.0 if n else 2.0,
        }
        for number, score in enumerate(scores, start=1)
    ]
    mistakes = sum(100 * one["error"] for one in chunks)
    return {
        "name": name,
        "chunks": chunks,
        "score": sum(scores) / len(scores),
        "updates": updates,
        "promoted": updates,
        "seconds": 2.0 * updates,
        "mistakes": mistakes,
        "cost": None if update_cost is None else mistakes + update_cost * updates,
        "trigger": "always()",
        "learn": "stateful",
        "gate": None,
        "stateless": False,
    }


def freshness_of(chunks: int, slope: float = 0.03, flat: bool = False) -> dict[str, Any]:
    measured = [
        [float(test - model), 0.1 + 0.02 * test + slope * (test - model), test]
        for model in range(chunks)
        for test in range(model + 1, chunks)
    ]
    interval = [-0.01, 0.05] if flat else [slope - 0.005, slope + 0.005]
    return {
        "slope": slope,
        "interval": interval,
        "confidence": 0.95,
        "r2": 1.0,
        "points": len(measured),
        "windows": chunks - 2,
        "note": "",
        "flat": flat,
        "measured": measured,
    }
