"""Plans with ranges, and what comes of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from tests.transaction.stream import outcome
from vernal.config import Plan
from vernal.space import Range, loguniform
from vernal.store import Store
from vernal.tuning import Tuning

RATE = loguniform(0.003, 0.3)


class Heard:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.notes: list[str] = []
        self.facts: list[list[str]] = []
        self.steps = 0

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def training(self, *_: object) -> None:
        self.steps += 1

    def tuning(self, done: float, facts: list[str]) -> None:
        assert 0 <= done <= 1
        self.facts.append(facts)


def ranged(plan: Plan, space: dict[str, Range] | None = None, **tuning: Any) -> Plan:
    """A plan with ranges; at random, four trials."""
    options = {"scheduler": "random", "max_trials": 4} | tuning
    return dataclasses.replace(plan, space={"lr": RATE} if space is None else space, tuning=Tuning(**options))


def fixed(plan: Plan, config: dict[str, Any]) -> Plan:
    """A plan with the values of a configuration, and without ranges."""
    return dataclasses.replace(plan, arguments={**plan.arguments, **config}, space={}, tuning=None)


def made(store: Store | Path, key: str = "champion") -> dict[str, Any]:
    """What an update made, whatever it was asked for: weights, memories, metrics, how the training went."""
    found = outcome(store if isinstance(store, Store) else Store(store), key)
    artefacts = {name: blobs for name, blobs in found["artefacts"].items() if name != "tuning"}
    return {name: found[name] for name in ("training", "memory", "metrics", "plan")} | {"artefacts": artefacts}


def lines(store: Path) -> int:
    """How many events are in the books of all unfinished searches."""
    return sum(len(path.read_bytes().splitlines()) for path in store.glob("scratch/*/trials-*/trials.jsonl"))
