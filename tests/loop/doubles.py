"""Models that are lists of files, a gate that says what it is told to, and a fuse that blows at any step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from vernal.base import ConflictError, Decision, digest
from vernal.gate import Case, Gate, Scored
from vernal.ledger import Decided, Loops
from vernal.sources import Arrival, Cursor, Source
from vernal.training import Predictions
from vernal.transaction import Observation, Result


class Blown(Exception):
    """The process has died."""


@dataclass
class Fuse:
    """Blows after so many steps, and then never again.

    Args:
        left: how many steps; None for ever.
    """

    left: int | None = None

    def burn(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left = None
            raise Blown


class MortalLoops(Loops):
    """Loop states that are written, or not, when the process dies."""

    fuse: Fuse

    def step(self, loop: str, generation: int, state: Mapping[str, Any], decisions: Sequence[Decided] = ()) -> int:
        self.fuse.burn()
        after = super().step(loop, generation, state, decisions)
        self.fuse.burn()
        return after


@dataclass(frozen=True)
class Listed(Source):
    """Gives the files that a test has put into a list, some at a time.

    Args:
        files: of them all.
        rows: how many rows each has.
    """

    files: list[str]
    rows: int = 10
    name: ClassVar[str] = "listed"

    def poll(self, cursor: Cursor | None, until: datetime, inbox: Path) -> Arrival | None:
        given = cursor["files"] if cursor else 0
        if given == len(self.files):
            return None
        file = self.files[given]
        return Arrival((file,), self.rows, digest(file), None, None, {"files": given + 1})


@dataclass
class Models:
    """What the store has, and what all processes see."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    champions: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    trained: int = 0


class Double:
    """A learner whose models are lists of files.

    Args:
        models: of all processes.
        fuse: blows before and after every change.
    """

    def __init__(self, models: Models, fuse: Fuse) -> None:
        self.models, self.fuse = models, fuse
        self.digests = {"config": "a", "code": "b"}

    @property
    def champion(self) -> str | None:
        return self.models.champions[-1] if self.models.champions else None

    @property
    def entry(self) -> int:
        return len(self.models.champions)

    def lineage(self, version: str) -> list[str]:
        parent = self.models.records[version]["parent"]
        return [*(self.lineage(parent) if parent else []), version]

    def files(self, version: str | None) -> list[str]:
        return [file for one in (self.lineage(version) if version else []) for file in self.files_of(one)]

    def files_of(self, version: str) -> list[str]:
        return list(self.models.records[version]["chunk"]["files"])

    def rows_seen(self, version: str | None) -> int:
        return 10 * len(self.files(version))

    def seconds_of(self, version: str) -> float:
        return float(self.models.records[version]["costs"]["total_seconds"])

    def observe(self, files: Sequence[str], version: str, needs: Collection[str], now: float) -> Observation:
        return Observation(len(files), "schema", {}, {})

    def update(self, files: Sequence[str], parent: str | None, scratch: bool) -> Result:
        parent = None if scratch else parent
        version = digest([list(files), parent])[:8]
        if version not in self.models.records:
            self.fuse.burn()
            self.models.records[version] = {
                "id": version,
                "parent": parent,
                "chunk": {"files": list(files), "rows": 10 * len(files)},
                "costs": {"total_seconds": 1.0},
            }
            self.models.trained += 1
            self.fuse.burn()
        return Result(self.models.records[version], "memory", promoted=False)

    def examine(self, files: Sequence[str], versions: Sequence[str], unseen: bool = False) -> Exam:
        return Exam(versions, len(files) if unseen else 1)

    def checks(self, files: Sequence[str], version: str, gate: Gate) -> dict[str, object]:
        return {}

    def promote(self, version: str, expected: str | None, decision: Decision) -> None:
        self.fuse.burn()
        if self.champion == version:
            return
        if self.champion != expected:
            raise ConflictError(f"the champion is {self.champion}")
        self.models.champions.append(version)
        self.fuse.burn()

    def was_taken_back(self, version: str, entry: int) -> bool:
        return self.champion != version and version in self.models.champions[entry:]

    def name(self, what: str, version: str | None) -> None:
        self.fuse.burn()
        self.models.aliases.pop(what, None)
        if version is not None:
            self.models.aliases[what] = version
        self.fuse.burn()


@dataclass(frozen=True)
class Exam:
    """Scores in which the challenger is better, or worse, as its id says; enough for a sequential test in two looks."""

    versions: Sequence[str]
    files: int

    @property
    def answers(self) -> Mapping[str, Predictions]:
        return {version: Predictions(np.zeros(len(self.ids)), None, None, {}) for version in self.versions}

    @property
    def ids(self) -> np.ndarray[Any, Any]:
        return np.array([str(n) for n in range(20 * self.files)])

    def scores(self, version: str) -> np.ndarray[Any, Any]:
        wins = (version == self.versions[0]) == is_better(self.versions[0])
        return np.full(len(self.ids), float(wins))

    def scored(self, version: str) -> Scored:
        return Scored(version, self.ids, self.scores(version))

    def case(self, challengers: Sequence[str], champion: str | None, anchor: str | None, **rest: Any) -> Case:
        return Case(self.scored(champion) if champion else None, [self.scored(one) for one in challengers])


def is_better(version: str) -> bool:
    return int(version, 16) % 2 == 0


@dataclass(frozen=True)
class Fates(Gate):
    """Promotes, rejects or has a challenger wait, as its id says."""

    def judge(self, case: Case) -> Decision:
        version = case.challengers[0].version
        outcome = ("promote", "promote", "reject", "inconclusive")[int(version, 16) // 2 % 4]
        if case.champion is None:
            outcome = "promote"
        chosen = {"chosen": version} if outcome == "promote" else {}
        findings = [{"check": "champion", "outcome": "open"}]
        verdict = {"version": version, "outcome": outcome, "labels_missing": 5, "findings": findings}
        return Decision(outcome, "as the id says", {"challengers": [verdict]} | chosen)
