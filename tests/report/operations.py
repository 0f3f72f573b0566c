"""What a loop decided: real decisions of triggers and gates over made-up rows, as they lie in the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from vernal.base import Decision
from vernal.drift import Monitor, cbpe
from vernal.gate import Case, Gate, Scored, force
from vernal.triggers import Drift, Facts, Metric, Trigger

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def decided(day: float, kind: str, subject: str, decision: Decision) -> dict[str, Any]:
    """A decision as the ledger gives it back."""
    plain = json.loads(json.dumps(decision.to_json()))
    return {"time": at(day).isoformat(), "kind": kind, "subject": subject} | plain


def looked(trigger: Trigger, shifts: list[float]) -> list[dict[str, Any]]:
    """Daily looks of a trigger at features that have moved by so much, and a champion that is as much worse."""
    rng = np.random.default_rng(0)
    state, found = trigger.start(), []
    for day, shift in enumerate(shifts):
        before, after = rng.normal(size=(2, 200, 3))
        right = (rng.random(100) < 0.9 - shift / 4).astype(float)
        times = at(day).timestamp() + np.arange(100.0)
        values = {"correct": np.stack([times, right], axis=1)}
        facts = Facts(at(day), rows=200, values=values, samples={"features": (before, after + shift)})
        state, decision = trigger.look(state, facts)
        found.append(decided(day, "trigger", str(trigger), decision))
    return found


def drifting() -> Trigger:
    return Drift(on=("features",), every="1d", monitor=Monitor()) | Metric("correct < 0.8", window=100)


def judged(
    day: float, gain: float, slices: bool = False, looks: int = 0, reason: str = "", items: int = 2000
) -> dict[str, Any]:
    """A judgment of items on which the challenger is better by a share of them."""
    rng = np.random.default_rng(int(day))
    ids = np.array([f"row {n}" for n in range(items)])
    right = rng.random(items) < 0.8
    moved = rng.random(items) < abs(gain)
    better = np.where(moved, gain > 0, right)
    parts = {"web": np.arange(items) < 1000, "shop": np.arange(items) >= 1000} if slices else {}
    if slices:
        better[1000:1100] = False
    case = Case(
        Scored("v1", ids, right.astype(float)), [Scored("v2", ids, better.astype(float))], slices=parts, looks=looks
    )
    decision = Gate(margin=0.01).judge(case)
    return decided(day, "gate", "v2", force(decision, reason) if reason else decision)


def made(day: float, seconds: float) -> dict[str, Any]:
    evidence = {"way": "stateful", "parent": "v1", "rows": 200, "costs": {"total_seconds": seconds}}
    return decided(day, "update", "v2", Decision("made", "Learned 200 rows from v1.", evidence))


def estimated(day: float) -> dict[str, Any]:
    """A trigger of the user's that looked at an estimate without labels."""
    estimate = cbpe(np.array([[0.75, 0.25], [0.05, 0.95]]))
    evidence = {"estimate": estimate.to_json()}
    return decided(day, "trigger", "mine()", Decision("keep", f"About {estimate.accuracy:.2f}.", evidence))


def moved(day: float, kind: str, id: str, why: str = "") -> dict[str, Any]:
    return {"alias": "champion", "id": id, "replaced": "v0", "time": at(day).isoformat(), "kind": kind, "why": why}
