"""A small world for a loop: a folder in which files appear, a clock that is moved, a line that turns."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.ledger.doubles import MovedClock
from vernal.config import Plan
from vernal.gate import Gate
from vernal.ledger import Decided, Loops, Outcomes
from vernal.loop import Learner, Loop, Policy, Turn
from vernal.sources import Files, Source
from vernal.store import Store
from vernal.training import Silent, Training
from vernal.triggers import Rows, Trigger

ROWS = 100
CONFIG = """
import torch
from torch import nn

from vernal import DataModule
from vernal.data import Window


def model_fn() -> nn.Module:
    return nn.Linear(2, 2)


def optimizer_fn(parameters) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.5)


def data_module_fn(window: Window) -> DataModule:
    chunk = window.chunk("y", features=["a", "b"], id_column="id", time_column="time")
    train, validation = chunk.split([0.6, 0.4])
    return DataModule(train=train, validation=validation)
"""


def rows_of(number: int, angle: float = 0.0, count: int = ROWS, flipped: float = 0.0) -> dict[str, Any]:
    """Rows of a file: two numbers, and on which side of a line through 0 they lie.

    Args:
        number: of the file; ids, times and random numbers come from it.
        angle: of the line, in degrees.
        count: how many rows.
        flipped: the share of wrong labels.
    """
    random = np.random.default_rng(number)
    x = random.normal(size=(count, 2))
    y = (x @ [np.cos(np.radians(angle)), np.sin(np.radians(angle))] > 0).astype(int)
    y = np.where(random.random(count) < flipped, 1 - y, y)
    ids = [f"{number}/{row}" for row in range(count)]
    return {"a": x[:, 0], "b": x[:, 1], "y": y, "id": ids, "time": 1.7e9 + 3600.0 * number + np.arange(count)}


@dataclass
class World:
    """Everything around a loop.

    Args:
        folder: of its own.
        ledger: where the history of the store lies; beside it if None.
        config: the text of the config file.
        options: of the training.
    """

    folder: Path
    ledger: str | None = None
    config: str = CONFIG
    method: str = "er"
    clock: MovedClock = field(default_factory=MovedClock)
    data: Path | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        self.incoming = self.data or self.folder / "in"
        for folder in (self.folder, self.incoming):
            folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / "config.py"
        self.path.write_text(self.config)
        self.store = self.open()

    def open(self) -> Store:
        """The store, as another process would open it."""
        return Store(self.folder / "store", ledger=self.ledger, clock=self.clock)

    @property
    def plan(self) -> Plan:
        training = Training(budget="2ep", batch_size=16, accelerator="cpu", checkpoint_minutes=0)
        return Plan(self.path, method=self.method, training=training, seed=self.seed)

    @property
    def files(self) -> Source:
        return Files(str(self.incoming), settle="1s")

    def policy(self, trigger: Trigger | None = None, gate: Gate | None = None, **parts: Any) -> Policy:
        """Every hundred rows, without a gate, unless it is said otherwise."""
        return Policy(parts.pop("sources", [self.files]), trigger or Rows(ROWS), gate, **parts)

    def learner(self, store: Store | None = None) -> Learner:
        return Learner(self.plan, store or self.store, reporter=Silent(), clock=self.clock)

    def loop(
        self,
        policy: Policy | None = None,
        learner: Learner | None = None,
        loops: Loops | None = None,
        name: str = "main",
    ) -> Loop:
        """A loop as another process would open it."""
        store = learner.store if learner else self.open()
        database = store.database()
        return Loop(
            policy or self.policy(),
            learner or self.learner(store),
            loops or Loops(database, store.id),
            Outcomes(database, store.id),
            store.inbox(name),
            self.clock,
            name,
        )

    def arrive(self, number: int, angle: float = 0.0, count: int = ROWS, flipped: float = 0.0) -> Path:
        """A file appears; it has been there for a minute."""
        return self.put(f"{number:03}.parquet", rows_of(number, angle, count, flipped))

    def put(self, name: str, columns: dict[str, Any], folder: Path | None = None) -> Path:
        """A table appears in a folder."""
        folder = folder or self.incoming
        folder.mkdir(exist_ok=True)
        unfinished = self.folder / f"{os.getpid()}-{name}"
        pq.write_table(pa.table(columns), unfinished)
        at = (self.clock.now() - timedelta(minutes=1)).timestamp()
        os.utime(unfinished, (at, at))
        return unfinished.replace(folder / name)

    def turn(self, loop: Loop | None = None, hours: float = 1, by_hand: str = "") -> Turn:
        """Time goes on, and the loop has a look."""
        self.clock.move(3600 * hours)
        return (loop or self.loop()).turn(by_hand)

    @property
    def decisions(self) -> list[Decided]:
        """All decisions, oldest first."""
        return Loops(self.store.database(), self.store.id).decisions()[::-1]


def files_learned(world: World, key: str = "champion") -> list[str]:
    """The names of all files that a lineage has learned, in order, with repetitions."""
    return [Path(file).name for record in world.open().lineage(key) for file in record["chunk"]["files"]]


def weights(store: Store, key: str = "champion") -> dict[str, Any]:
    """All that a version has, by what it is: the hashes of its parts."""
    return {
        name: [store.resolve(artefact["blob"]), *map(store.resolve, artefact.get("needs", ()))]
        for name, artefact in store.record(key)["artefacts"].items()
    }


def lived(world: World) -> dict[str, Any]:
    """All that came of a life: what two lives have in common that were the same, but for interruptions."""
    store = world.open()
    records = store.records()
    return {
        "updates": [one["name"] for one in records],
        "weights": {one["id"]: weights(store, one["id"]) for one in records},
        "aliases": store.aliases(),
        "history": [(entry.kind, entry.champion) for entry in store.entries()],
        "decisions": [
            (one.kind, one.subject, one.outcome, one.why, one.decision.fires, _lasting(one.evidence))
            for one in world.decisions
        ],
        "state": world.loop().state.to_json(),
    }


def _lasting(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence without what every machine and every attempt measures anew."""
    return {name: value for name, value in evidence.items() if name != "costs"}


def kinds(turn: Turn) -> list[tuple[str, str]]:
    """What was decided, without the words."""
    return [(one.kind, one.outcome) for one in turn.decisions]


def names(files: Sequence[str]) -> list[str]:
    return [Path(file).name for file in files]
