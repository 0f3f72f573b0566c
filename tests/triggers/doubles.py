"""A trigger that does as it is told, and short ways to look."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from vernal.base import Decision, canonical_json
from vernal.triggers import Facts, Settled, State, Trigger

NOW = datetime(2026, 3, 2, tzinfo=UTC)
OUTCOMES = {"u": "update", "m": "update", "w": "wait", "k": "keep", "r": "keep"}


@dataclass(frozen=True)
class Scripted(Trigger):
    """Says what is written, look by look: u(pdate), w(ait) or k(eep); m is a fire of a moment, which does not hold, and
    r is a keep at which what it fired for is over."""

    script: str

    def start(self) -> State:
        return {"looks": 0, "holds": False, "settled": 0}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        letter = self.script[state["looks"]]
        holds = letter == "u" or (state["holds"] and letter not in "mr")
        decision = Decision(OUTCOMES[letter], f"It is written: {letter}.", {"rows": facts.rows}, int(letter in "um"))
        return {**state, "looks": state["looks"] + 1, "holds": holds}, decision

    def settle(self, state: State, settled: Settled) -> State:
        return {**state, "settled": state["settled"] + 1}

    def holds(self, state: State) -> bool:
        return bool(state["holds"])


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


def looks(*amounts: int, known: int = 0) -> list[Facts]:
    """Looks at which so many rows had come."""
    return [Facts(NOW, rows=n, known=known + sum(amounts[:i])) for i, n in enumerate(amounts)]


def measured(name: str, values: Iterable[float], now: datetime = NOW, step: float = 1.0) -> Facts:
    """Values one after the other, so many seconds apart, the last one just before now."""
    array = np.array([*values], np.float64)
    times = now.timestamp() - step * np.arange(len(array), 0, -1)
    return Facts(now, rows=len(array), values={name: np.stack([times, array], axis=1)})


def run(trigger: Trigger, stream: Sequence[Facts], state: State | None = None) -> tuple[State, list[Decision]]:
    """The last state and all decisions, with a restart before each look."""
    state = trigger.start() if state is None else state
    decisions: list[Decision] = []
    for facts in stream:
        state, decision = trigger.look(json.loads(canonical_json(state)), facts)
        decisions.append(decision)
    return state, decisions


def outcomes(trigger: Trigger, stream: Sequence[Facts]) -> str:
    """The first letters of all outcomes."""
    return "".join(decision.outcome[0] for decision in run(trigger, stream)[1])


def fires(trigger: Trigger, stream: Sequence[Facts]) -> list[int]:
    return [decision.fires for decision in run(trigger, stream)[1]]
