"""A double for everything around a tuner: workers in virtual time, curves that are formulas, and accidents."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vernal.space import Space, uniform
from vernal.tuning import (
    Book,
    Goal,
    Objective,
    Past,
    RandomSearch,
    Run,
    Scheduler,
    Searcher,
    Suggestion,
    Tuner,
    Tuning,
    View,
)
from vernal.tuning.trial import Measures

SPACE = Space({"x": uniform(0, 1), "speed": uniform(0, 1)})
LOSS = Goal((Objective("loss", higher_is_better=False),))

Config = Mapping[str, Any]


def crossing(config: Config, level: int) -> dict[str, float]:
    """What learns slowly is good in the end: rankings change from level to level."""
    x, speed = config["x"], config["speed"]
    return {"loss": (x - 0.3) ** 2 + speed + (1 - speed) * math.exp(-level * speed), "size": x}


@dataclass(frozen=True)
class World:
    """What becomes of trials.

    Args:
        levels: of a whole training.
        measures: what a configuration shows at a level.
        pace: how many seconds it needs for a level.
        fails: in which level a trial fails, by its number.
        dies: in which level its process dies, and how many times.
        ends: at which level it is complete, because it no longer improves.
        goal: what is better.
        past: earlier updates.
        seed: of the search.
    """

    levels: int = 9
    measures: Callable[[Config, int], Measures] = crossing
    pace: Callable[[Config], float] = lambda config: 1 + config["x"]
    fails: Mapping[int, int] = field(default_factory=dict)
    dies: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    ends: Mapping[int, int] = field(default_factory=dict)
    goal: Goal = LOSS
    past: tuple[Past, ...] = ()
    seed: int = 0

    @property
    def view(self) -> View:
        return View(SPACE, SPACE.default({}), self.goal, levels=self.levels, seed=self.seed, past=self.past)


@dataclass(frozen=True)
class Listed:
    """A searcher that suggests what it was given, one after the other; `x` is 0 where the list is over."""

    xs: Sequence[float]
    origins: Mapping[int, str] = field(default_factory=dict)

    def suggest(self, view: View) -> Suggestion:
        number = len(view.trials)
        x = self.xs[number] if number < len(self.xs) else 0.0
        return Suggestion({"x": x, "speed": 0.5}, self.origins.get(number, "listed"))


def flat(config: Config, level: int) -> dict[str, float]:  # noqa: ARG001
    """The loss is `x` at every level."""
    return {"loss": config["x"]}


class Killed(BaseException):
    """The process of the tuner is no more."""


class MortalBook(Book):
    """A book whose process is killed after so many events, right after one is on disk."""

    def __init__(self, path: Path | None = None, lives: float = math.inf) -> None:
        super().__init__(path)
        self.lives = lives
        self.last_start = 0.0
        """When a trial was begun or gone on with for the last time."""
        self.levels_before_finish: dict[int, int] = {}
        """At which level trials were when they were taken to their end."""

    def write(self, kind: str, trial: int, seconds: float, **facts: Any) -> None:
        if kind in ("begin", "go on"):
            self.last_start = seconds
        if kind == "finish":
            self.levels_before_finish[trial] = self.trials[trial].level
        super().write(kind, trial, seconds, **facts)
        self.lives -= 1
        if self.lives <= 0:
            raise Killed


@dataclass
class Simulation:
    """Workers that train what a tuner says, one level after the other.

    It fails as soon as the tuner demands what must not be: two runs of one trial, a trial that has ended, a level that
    is not above the trial's, or more than the workers can do.
    """

    world: World
    scheduler: Scheduler
    settings: Tuning
    workers: int = 1
    searcher: Searcher = field(default_factory=RandomSearch)
    book: Book = field(default_factory=MortalBook)
    now: float = 0.0

    def __post_init__(self) -> None:
        began = self.now
        self.tuner = Tuner(
            self.world.view, self.settings, self.searcher, self.scheduler, self.book, lambda: self.now - began
        )
        self._running: dict[int, Run] = {}
        self._due: list[tuple[float, int]] = []
        self._deaths: dict[int, int] = {}

    def run(self) -> Tuner:
        """To the end of the search."""
        for _ in range(100_000):
            if self.tuner.is_over:
                assert not self._running
                return self.tuner
            self._give()
            assert self._running, "nothing runs, and the search is not over"
            self.now, number = heapq.heappop(self._due)
            self._advance(number)
        raise AssertionError("the search does not end")

    def _give(self) -> None:
        while len(self._running) < self.workers and (run := self.tuner.next()) is not None:
            self._take(run)

    def _take(self, run: Run) -> None:
        trial = self.tuner.view.trials[run.number]
        assert run.number not in self._running, "two runs of one trial"
        assert trial.status == "running", "a trial that is not to run"
        assert trial.level <= run.until <= self.world.levels, "a level that cannot be reached"
        assert run.config == trial.config
        self._running[run.number] = run
        self._schedule(run.number)

    def _schedule(self, number: int) -> None:
        heapq.heappush(self._due, (self.now + self.world.pace(self._running[number].config), number))

    def _advance(self, number: int) -> None:
        world, tuner, run = self.world, self.tuner, self._running[number]
        done = tuner.view.trials[number].level
        trained = (done + 1) * world.pace(run.config)
        place, times = world.dies.get(number, (0, 0))
        if done < run.until and world.fails.get(number) == done + 1:
            del self._running[number]
            tuner.fail(number, "no memory")
        elif done + 1 == place and self._deaths.get(number, 0) < times:
            self._deaths[number] = self._deaths.get(number, 0) + 1
            del self._running[number]
            tuner.die(number)
        elif done < run.until and world.ends.get(number, math.inf) > done:
            tuner.level(number, done + 1, world.measures(run.config, done + 1), trained)
            tuner.level(number, done + 1, world.measures(run.config, done + 1), trained)  # Said twice, heard once.
            self._stop_or_schedule(number, done + 1)
        else:  # Its process had died between the last level and the word that it stopped.
            self._stop_or_schedule(number, done)

    def _stop_or_schedule(self, number: int, level: int) -> None:
        run, end = self._running[number], min(self.world.ends.get(number, math.inf), self.world.levels)
        if level >= end:
            del self._running[number]
            self.tuner.complete(number, self.world.measures(run.config, level), level * self.world.pace(run.config))
        elif level == run.until:
            del self._running[number]
            self.tuner.pause(number)
        else:
            self._schedule(number)


def simulate(world: World, scheduler: Scheduler, settings: Tuning, workers: int = 1, **others: Any) -> Tuner:
    """A whole search."""
    return Simulation(world, scheduler, settings, workers, **others).run()
