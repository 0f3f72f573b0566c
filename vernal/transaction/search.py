"""The tuner's side of a search: workers train trials, and the best one becomes the update."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from vernal.base import (
    Clock,
    ConfigError,
    DataError,
    MissingExtra,
    TrainingError,
    VernalError,
    canonical_json,
    derive_seed,
    digest,
)
from vernal.config import METHOD
from vernal.launch import Died, Message, Workers
from vernal.space import Config, Space
from vernal.training import Reporter
from vernal.transaction.evaluation import Judge
from vernal.transaction.situation import Situation, scratch_files
from vernal.transaction.trial import KINDS, OF_TRIALS, Trials, situation_at
from vernal.transaction.work import Work
from vernal.tuning import (
    Book,
    BoundingBox,
    Constraint,
    Enqueue,
    Goal,
    Objective,
    Past,
    Run,
    Scheduler,
    Searcher,
    Trial,
    Tuner,
    Tuning,
    View,
    importance,
    pareto,
)

LOOKS = 10  # of a training whose budget is not in epochs
PRELOAD = ("torch", "torch._dynamo", "vernal.transaction.trial")
_OLD = "old."  # Before a first update, nothing is, and what is demanded of it holds.
_PARTS = ("new.", _OLD)
_TELL_EVERY = 1.0  # seconds
_PAST_UPDATES = 10
_ABOUT_PLAN = (ConfigError.__name__, DataError.__name__, MissingExtra.__name__)
_KINDS: dict[str, type[VernalError]] = {one.__name__: one for one in KINDS}


@dataclass(frozen=True)
class Searched:
    """What came out of a search.

    Args:
        situation: what the update finds, with the chosen values.
        folder: of the chosen trial; its checkpoint is that of the finished training.
        past: all trials, for later updates.
        summary: what the record says about the search.
    """

    situation: Situation
    folder: Path
    past: Past
    summary: dict[str, Any]

    @property
    def is_feasible(self) -> bool:
        """Whether the chosen trial keeps all constraints."""
        return bool(self.summary["feasible"])


def search(situation: Situation, folder: Path, reporter: Reporter, clock: Clock) -> Searched:
    """Choose values from the ranges of a plan.

    Args:
        situation: what the update finds; its plan has a search.
        folder: for the trials. What an earlier call left there is gone on with.
        reporter: who is told.
        clock: measures the time.

    Raises:
        ConfigError: there is no validation data; a metric that is not measured; the plan's own values do not work.
        ConflictError: a method may not go on from the parent's.
        StateError: the store cannot be read, or a file cannot be written; what is there is gone on with.
        TrainingError: all trials have failed.
    """
    return _Searching(situation, folder, reporter, clock).run()


class _Searching:
    def __init__(self, situation: Situation, folder: Path, reporter: Reporter, clock: Clock) -> None:
        assert situation.resolved.search is not None
        self._situation, self._reporter, self._clock = situation, reporter, clock
        self._plan = situation.resolved.search
        self._settings: Tuning = self._plan.tuning
        self._judge = Judge(situation, situation.validation_memory(), torch.device("cpu"), lambda model: model)
        self._check()
        # An erasure changes what trials start from, and another vernal what they compute: then all begins anew.
        basis = digest({"vernal": version("vernal"), "parent": situation.parent.basis if situation.parent else None})
        self._folder = folder / f"trials-{basis[:12]}"
        for outdated in {*folder.glob("trials-*")} - {self._folder}:
            shutil.rmtree(outdated)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._frozen = architecture_of_parent(situation, self._plan.space)
        for name, value in self._frozen.items():
            reporter.note(f"{name} stays {value!r}: another value would be another architecture than the champion's")
        if not self._view.space:
            reporter.note("nothing is left to choose: there is one trial")
            self._settings = replace(self._settings, max_trials=1)
        self._running: dict[int, int] = {}  # trials by worker
        self._following: dict[int, Run | None] = {}  # what a worker does after the trial that it is about to leave
        self._wrong: VernalError | None = None  # what is not the fault of a trial

    def run(self) -> Searched:
        began = self._clock.seconds()
        book = Book(self._folder / "trials.jsonl")
        searcher, scheduler = self._settings.search(bool(self._view.past))
        self._tuner = Tuner(
            self._view, self._settings, searcher, scheduler, book, lambda: self._clock.seconds() - began
        )
        self._told = began - _TELL_EVERY
        if not self._tuner.is_over:
            self._work()
        return self._result(book)

    # Before anything is trained

    def _check(self) -> None:
        if self._judge.rows is None:
            raise ConfigError(
                "There are ranges to choose from, but no validation data to choose by. Provide a validation set "
                "(`validation` of the data module), or give a single value in the place of each range."
            )
        if self._situation.resolved.plan.training.devices != 1:
            raise ConfigError(
                "`devices` must be 1 where values are tuned: each trial trains on one device, and several trials can "
                "train at the same time, on one device each."
            )
        if self._situation.store.url.startswith("memory://"):
            raise ConfigError(
                f"{self._situation.store.url} lies in the memory of this process, and trials train in processes of "
                "their own, which cannot read it. Take a store in a folder."
            )
        slots, space = self._plan.slots, self._plan.space
        for name in slots.methods:  # Whether each may go on from the parent's.
            values = {**{other: slot.value for other, slot in slots.items()}, METHOD: name}
            chosen = situation_at(self._situation, space.default(values))
            chosen.method()
            chosen.memory()

    @cached_property
    def _view(self) -> View:
        space = self._plan.space.fixed(self._frozen)
        values = {name: slot.value for name, slot in self._plan.slots.items()}
        past = earlier(self._situation)
        return View(
            space=space,
            default=space.default({**values, **self._plan.default}),
            goal=self._goal,
            levels=levels_of(self._situation),
            seed=derive_seed(self._situation.seed, "tuning"),
            past=past,
            fixed={name: value for name, value in {**values, **self._frozen}.items() if name not in space},
        )

    @cached_property
    def _goal(self) -> Goal:
        names = (self._settings.metric or self._situation.task.headline, *self._settings.also)
        objectives = tuple(Objective(name, not self._lower_is_better(name)) for name in names)
        constraints: Sequence[Constraint] = self._settings.constraints  # type: ignore[assignment]
        has_old = len(self._situation.validation_memory()) > 0
        return Goal(objectives, tuple(one for one in constraints if has_old or not one.name.startswith(_OLD)))

    def _lower_is_better(self, name: str) -> bool:
        if name in OF_TRIALS:
            return True
        for part in _PARTS:
            name = name.removeprefix(part)
        return self._judge.lower_is_better(name)

    # Workers

    def _work(self) -> None:
        self._reporter.phase("tune")
        count = self._settings.workers
        wanted = (*(one.name for one in self._goal.objectives), *(one.name for one in self._goal.constraints))
        threads = max(1, torch.get_num_threads() // count)
        trials = Trials(Work.of(self._situation), self._view.levels, wanted, threads)
        with Workers(count, trials, PRELOAD, self._folder) as workers:
            while self._wrong is None and not self._tuner.is_over:
                self._give_work(workers)
                for worker, said in workers.wait(_TELL_EVERY):
                    self._hear(workers, worker, said)
                self._tell()
        if self._wrong is not None:
            if type(self._wrong).__name__ in _ABOUT_PLAN:
                shutil.rmtree(self._folder)  # What is wrong is to be put right first.
            raise self._wrong

    def _give_work(self, workers: Workers) -> None:
        for worker in range(self._settings.workers):
            if worker not in self._running and (run := self._tuner.next()) is not None:
                self._start(workers, worker, run)

    def _start(self, workers: Workers, worker: int, run: Run) -> None:
        self._running[worker] = run.number
        folder = leased(self._folder / str(run.number))
        config = {**self._frozen, **run.config}
        workers.send(worker, {"trial": run.number, "config": config, "folder": str(folder)})

    def _hear(self, workers: Workers, worker: int, said: Message | Died) -> None:
        number = self._running.get(worker)
        if number is None:
            assert isinstance(said, Died), "a worker speaks of the trial that it was given"
            return
        if isinstance(said, Died):
            if worker not in self._following:  # Else it was leaving, and perhaps another one has the trial by now.
                self._hear_death(number, said)
            self._follow(workers, worker)
            return
        match said["kind"]:
            case "levels":
                self._hear_levels(workers, worker, number, said)
            case "paused":
                self._follow(workers, worker)
            case "complete":
                del self._running[worker]
                self._tuner.complete(number, {**said["measures"], "seconds": said["seconds"]}, said["seconds"])
                self._note(number)
            case "failed":
                del self._running[worker]
                self._hear_failure(number, said)

    def _hear_levels(self, workers: Workers, worker: int, number: int, said: Message) -> None:
        curve = said["curve"]
        for level, measures in enumerate(curve, start=1):
            self._tuner.level(number, level, measures, said["seconds"])
        trial = self._trial(number)
        goes_on = trial.status == "running" and not self._is_out_of_time and len(curve) < trial.until
        # At the last level only `complete` remains.
        if goes_on or len(curve) >= self._view.levels:
            workers.send(worker, {"stop": False})
            return
        self._tuner.pause(number)
        following = self._tuner.next()
        if following is not None and following.number == number:
            workers.send(worker, {"stop": False})
            return
        workers.send(worker, {"stop": True})
        self._note(number)
        self._following[worker] = following

    def _follow(self, workers: Workers, worker: int) -> None:
        """A worker has left its trial; what it does now was decided when it was told to."""
        del self._running[worker]
        following = self._following.pop(worker, None)
        if following is not None:
            self._start(workers, worker, following)

    def _hear_death(self, number: int, died: Died) -> None:
        self._tuner.die(number)
        trial = self._trial(number)
        follows = f"it has failed. {trial.error}" if trial.status == "failed" else "it goes on from its checkpoint"
        self._reporter.note(f"trial {number}: its process {died.reason}; {follows}")

    def _hear_failure(self, number: int, said: Message) -> None:
        kind, trial = said["about"], self._trial(number)
        # The first trial has the plan's own values. What is wrong with the store, or the disk, is wrong for all.
        if kind in _KINDS and (kind not in _ABOUT_PLAN or (trial.origin == "default" and not trial.level)):
            self._wrong = _KINDS[kind](said["error"])
            return
        self._tuner.fail(number, said["error"])
        self._reporter.note(f"trial {number} failed: {said['error']}")

    @property
    def _is_out_of_time(self) -> bool:
        return self._tuner.is_exhausted and not self._tuner.is_finishing

    # What is told

    def _trial(self, number: int) -> Trial:
        return self._tuner.view.trials[number]

    def _note(self, number: int) -> None:
        trial, objective = self._trial(number), self._goal.objective
        value = (trial.last or {}).get(objective.name)
        where = "complete" if trial.status == "complete" else f"stops at level {trial.level} of {self._view.levels}"
        self._reporter.note(f"trial {number} {where}: {objective.name} {_number(value)} ({_named(trial.config)})")

    def _tell(self) -> None:
        now = self._clock.seconds()
        if now - self._told < _TELL_EVERY:
            return
        self._told = now
        trials, best = self._tuner.view.trials, self._tuner.best()
        limit = self._settings.trials
        facts = [f"trial {len(trials)}" + (f" of {limit}" if limit else "")]
        if best is not None:
            name = self._goal.objective.name
            value = (best.last or {}).get(name)
            facts.append(f"best {name} {_number(value)} (trial {best.number}: {_named(best.config)})")
        facts += [f"{len(self._running)} running", f"{self._tuner.epochs} levels trained"]
        self._reporter.tuning(self._tuner.share_spent, facts)

    # What comes of it

    def _result(self, book: Book) -> Searched:
        best, trials = self._tuner.best(), book.trials
        if best is None or best.status != "complete":
            raise TrainingError(_all_failed(trials, self._aside()))
        view = self._tuner.view
        config = {**self._frozen, **best.config}
        chosen = situation_at(self._situation, config)
        objective = self._goal.objective
        past = Past(
            self._situation.name[:12],
            view.space,
            view.fixed,
            objective.name,
            objective.higher_is_better,
            view.levels,
            trials,
        )
        summary = {
            **_names(*self._settings.search(bool(view.past))),
            "metric": objective.name,
            "higher_is_better": objective.higher_is_better,
            "also": [*self._settings.also],
            "constraints": [str(one) for one in self._goal.constraints],
            "levels": view.levels,
            "chosen": best.number,
            "config": config,
            "frozen": self._frozen,
            "space": view.space.to_json(),
            "trials": len(trials),
            "complete": sum(trial.status == "complete" for trial in trials),
            "failed": sum(trial.status == "failed" for trial in trials),
            "epochs": self._tuner.epochs,
            "seconds": round(book.seconds, 3),
            "cost": self._tuner.cost if self._settings.price_per_hour else None,
            "feasible": self._goal.is_feasible(best),
            "importance": _importance(view),
            "pareto": pareto(trials, self._goal) if self._settings.also else [],
            "past": [one.update for one in view.past],
            "stopped": self._tuner.why_over,
        }
        return Searched(chosen, current_lease(self._folder / str(best.number)), past, summary)

    def _aside(self) -> Path:
        """Where all trials are now that they have failed; the same search made again begins anew."""
        aside = self._folder.with_name("failed")
        shutil.rmtree(aside, ignore_errors=True)
        return self._folder.rename(aside)


def levels_of(situation: Situation) -> int:
    """How many levels a whole training has: its epochs; 1 where no method takes steps."""
    assert situation.resolved.search is not None
    methods = situation.resolved.search.slots.methods.values()
    if not any(stage.share for method in methods for stage in method.stages(situation.parent is None)):
        return 1
    budget = situation.resolved.plan.training.duration
    match budget.unit:
        case "ep":
            return max(1, int(budget.amount))
        case "st":
            return max(1, min(LOOKS, int(budget.amount)))
    return LOOKS


def earlier(situation: Situation) -> tuple[Past, ...]:
    """What the updates before this one have learned about hyperparameters, oldest first."""
    if situation.parent is None:
        return ()
    store = situation.store
    records = [record for record in store.lineage(situation.parent.id) if "tuning" in record["artefacts"]]
    blobs = [store.resolve(record["artefacts"]["tuning"]["blob"]) for record in records[-_PAST_UPDATES:]]
    return tuple(Past.from_json(json.loads(store.blobs.get(blob))) for blob in blobs)


def past_bytes(past: Past) -> bytes:
    """What travels with the state."""
    return canonical_json(past.to_json())


def architecture_of_parent(situation: Situation, space: Space) -> Config:
    """The values that the parent's weights demand: of arguments whose other values build another architecture.

    Where the config file has `previous_model_fn`, the architecture may change, and none is demanded.
    """
    config = situation.resolved.config
    if situation.parent is None or "previous_model_fn" in config.functions:
        return {}
    used = {name for name in space if name in config.arguments and "model_fn" in config.arguments[name].functions}
    recorded = situation.parent.record["plan"]["arguments"]
    return {
        name: config.arguments[name].type.check(recorded[name])
        for name in sorted(used)
        if name in recorded and not _all_fit(situation, space, name, recorded)
    }


def _all_fit(situation: Situation, space: Space, name: str, recorded: Mapping[str, Any]) -> bool:
    """Whether the parent's weights fit whatever value an argument has."""
    assert situation.parent is not None
    others = {other: value for other, value in recorded.items() if other in situation.resolved.arguments}
    for value in space[name].ends:
        arguments = {**situation.resolved.arguments, **others, name: value}
        resolved = replace(situation.resolved, arguments=arguments, search=None)
        try:
            if not replace(situation, resolved=resolved).parent_fits:
                return False
        except ConfigError:  # Arguments may depend on one another, as a width and a number of heads do.
            return False
    return True


def leased(folder: Path) -> Path:
    """A folder of its own for whoever works on a trial from now on, with the checkpoint that was left.

    A worker that was given up may live on for a moment, and write once more: into a folder that nobody reads any more.
    """
    before = _leases(folder)
    mine = folder / str(1 + (int(before[0].name) if before else 0))
    mine.mkdir(parents=True)
    # A process that died between these lines has left a lease without a checkpoint before the one that has it.
    left = next((file for lease in before if (file := scratch_files(lease)[0]).exists()), None)
    if left is not None:
        os.replace(left, scratch_files(mine)[0])
    return mine


def current_lease(folder: Path) -> Path:
    """The folder of whoever works, or has worked, on a trial last."""
    return _leases(folder)[0]


def _leases(folder: Path) -> Sequence[Path]:
    """The folders of all who have worked on a trial, the last one first."""
    leases = folder.iterdir() if folder.exists() else ()
    return sorted(leases, key=lambda path: int(path.name), reverse=True)


def _names(searcher: Searcher, scheduler: Scheduler) -> dict[str, str]:
    """What the parts of a search are called."""
    transfer = {Enqueue: "enqueue", BoundingBox: "bounding_box"}.get(type(searcher), "none")
    inner = searcher.then if isinstance(searcher, Enqueue | BoundingBox) else searcher
    kinds = {"scheduler": scheduler, "searcher": inner}
    return {name: type(kind).__name__ for name, kind in kinds.items()} | {"transfer": transfer}


def _importance(view: View) -> dict[str, float]:
    """How much each value mattered; nothing where the library that knows is not installed."""
    try:
        return importance(view)
    except MissingExtra:
        return {}


def _all_failed(trials: Sequence[Trial], folder: Path) -> str:
    errors = [trial for trial in trials if trial.status == "failed"]
    first = f" The first of them, trial {errors[0].number}: {errors[0].error}" if errors else ""
    return (
        f"None of {len(trials)} trials could be trained to its end; the champion is as it was.{first} What they wrote "
        f"is in {folder}."
    )


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"


def _named(config: Mapping[str, Any]) -> str:
    shown = {name: f"{value:.3g}" if isinstance(value, float) else value for name, value in config.items()}
    return ", ".join(f"{name}={value}" for name, value in shown.items())
