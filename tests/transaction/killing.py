"""Kill -9 at random moments of an update, and what must be true afterwards. Also run by `bench/crash.py`."""

from __future__ import annotations

import random
import shutil
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.transaction.processes import Update
from tests.transaction.stream import copy_of, outcome, plan, write_config
from vernal.config import Plan
from vernal.store import Store

VARIANTS = (("derpp", {"budget": "3ep", "patience": 9}), ("er", {"budget": "7st", "accumulate": 2}))


@dataclass(frozen=True)
class Killed:
    """One kill, and what was found afterwards.

    Args:
        seed: of the moment.
        after: seconds from the beginning of the update.
        during: what the update was doing; ``"finished"`` if it was too late.
        problems: what `Store.verify` found.
        champion: ``"old"``, ``"new"``, or something else, which must not be.
        identical: whether the same call made again ended bit for bit as an uninterrupted one.
    """

    seed: int
    after: float
    during: str
    problems: list[str]
    champion: str
    identical: bool


class Scene:
    """A store with one update, and how a second one on it ends if nobody disturbs it.

    Args:
        folder: of its own.
        variant: which method and budget.
    """

    def __init__(self, folder: Path, variant: int) -> None:
        method, options = VARIANTS[variant]
        config = write_config(folder / "project")
        self._before = folder / "before"
        Update(plan(config, 1, method, **options), self._before).finish()
        self._plan: Plan = plan(config, 2, method, **options)
        self._old = Store(self._before).champion
        self.seconds = statistics.median(self._undisturbed() for _ in range(3))

    def _undisturbed(self) -> float:
        store = separate_copy(self._before, "undisturbed")
        update = Update(self._plan, store)
        update.await_phase("read config")
        began = time.perf_counter()
        self._new = update.finish()["id"]
        seconds = time.perf_counter() - began
        self._outcome = outcome(Store(store))
        return seconds

    def kill(self, seed: int) -> Killed:
        """Kill one update, look, and run it again."""
        after = random.Random(seed).uniform(0, self.seconds)
        store = separate_copy(self._before, "killed")
        update = Update(self._plan, store)
        update.await_phase("read config")
        update.kill(after)
        found = Store(store)
        problems = [str(problem) for problem in found.verify()]
        champion = {self._old: "old", self._new: "new"}.get(found.champion, str(found.champion))
        Update(self._plan, store).finish()
        whole = Store(store)
        identical = whole.verify() == [] and outcome(whole) == self._outcome
        during = "finished" if update.answer else update.phases[-1]
        shutil.rmtree(store)
        return Killed(seed, after, during, problems, champion, identical)


def separate_copy(store: Path, name: str) -> Path:
    """A copy of a store beside it, with a history of its own wherever that lies."""
    source = Store(store)
    if source.ledger is None:
        return copy_of(store, name)
    shutil.rmtree(store.with_name(name), ignore_errors=True)
    copy = Store(store.with_name(name), ledger=source.ledger)
    shutil.copytree(store / "blobs", store.with_name(name) / "blobs")
    for entry in source.entries():
        copy._journal.append(entry.kind, entry.payload, entry.champion, after=entry.number - 1)
    return store.with_name(name)


def kills(folder: Path, count: int, seed: int) -> Iterator[Killed]:
    """So many kills, the variants in turn."""
    scenes = [Scene(folder / str(variant), variant) for variant in range(len(VARIANTS))]
    for number in range(count):
        yield scenes[number % len(scenes)].kill(seed + number)
