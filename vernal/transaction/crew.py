"""The workers of a search, and the conversation with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vernal.base import Clock, ConfigError, DataError, MissingExtra, TrainingError, VernalError
from vernal.launch import Died, Message, Workers
from vernal.training import Reporter
from vernal.transaction.aim import Aim
from vernal.transaction.leases import leased
from vernal.transaction.trial import KINDS, Trials
from vernal.transaction.work import Work
from vernal.tuning import Run, Trial, Tuner

PRELOAD = ("torch", "torch._dynamo", "vernal.transaction.trial")
ABOUT_PLAN = (ConfigError.__name__, DataError.__name__, MissingExtra.__name__)
_KINDS: dict[str, type[VernalError]] = {one.__name__: one for one in KINDS}
_OF_TRIALS = (TrainingError.__name__, "OutOfMemoryError")  # Another learning rate, another size may do.
_TELL_EVERY = 1.0  # seconds


class Crew:
    """Gives work to workers until a search is over, and tells the tuner what becomes of it.

    Args:
        aim: what is searched.
        tuner: who decides.
        folder: for the trials.
        reporter: who is told.
        clock: measures the time.
    """

    def __init__(self, aim: Aim, tuner: Tuner, folder: Path, reporter: Reporter, clock: Clock) -> None:
        self._aim, self._tuner, self._folder = aim, tuner, folder
        self._reporter, self._clock = reporter, clock
        self._count = aim.settings.workers
        self._running: dict[int, int] = {}  # trials by worker
        self._following: dict[int, Run | None] = {}  # what a worker does after the trial that it is about to leave
        self._wrong: VernalError | None = None  # what is not the fault of a trial
        self._told = clock.seconds() - _TELL_EVERY

    def work(self) -> None:
        """Work until the search is over.

        Raises:
            VernalError: something is wrong that is not the fault of a trial.
        """
        with Workers(self._count, self._trials(), PRELOAD, self._folder) as workers:
            while self._wrong is None and not self._tuner.is_over:
                self._give_work(workers)
                for worker, said in workers.wait(_TELL_EVERY):
                    self._hear(workers, worker, said)
                self._tell()
        if self._wrong is not None:
            raise self._wrong

    def _trials(self) -> Trials:
        goal = self._aim.goal
        wanted = (*(one.name for one in goal.objectives), *(one.name for one in goal.constraints))
        price = self._aim.settings.price_per_hour
        threads = max(1, torch.get_num_threads() // self._count)
        return Trials(Work.of(self._aim.situation), self._aim.view.levels, wanted, threads, price)

    def _give_work(self, workers: Workers) -> None:
        for worker in range(self._count):
            if worker not in self._running and (run := self._tuner.next()) is not None:
                self._start(workers, worker, run)

    def _start(self, workers: Workers, worker: int, run: Run) -> None:
        self._running[worker] = run.number
        folder = leased(self._folder / str(run.number))
        config = self._aim.config(run.config)
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
                self._tuner.complete(number, said["measures"], said["seconds"])
                self._note(number)
            case "failed":
                workers.stop(worker)  # After an error on an accelerator, its process may know nothing but that error.
                if worker not in self._following:  # Else it was leaving: its trial is paused, and can go on.
                    self._hear_failure(number, said)
                self._follow(workers, worker)

    def _hear_levels(self, workers: Workers, worker: int, number: int, said: Message) -> None:
        curve = said["curve"]
        for level, measures in enumerate(curve, start=1):
            self._tuner.level(number, level, measures, said["seconds"])
        trial = self._trial(number)
        goes_on = trial.status == "running" and not self._is_out_of_time and len(curve) < trial.until
        # At the last level only `complete` remains.
        if goes_on or len(curve) >= self._aim.view.levels:
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
        self._tuner.die(number, died.reason)
        trial = self._trial(number)
        follows = f"it has failed. {trial.error}" if trial.status == "failed" else "it goes on from its checkpoint"
        self._reporter.note(f"trial {number}: its process {died.reason}; {follows}")

    def _hear_failure(self, number: int, said: Message) -> None:
        kind, trial = said["about"], self._trial(number)
        # The first trial has the plan's own values. What is wrong with the store, or the disk, is wrong for all.
        is_plans = trial.origin == "default" and not trial.level and kind not in _OF_TRIALS
        if said["before"] or is_plans or (kind in _KINDS and kind not in ABOUT_PLAN):
            self._wrong = _KINDS.get(kind, TrainingError)(said["error"])
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
        trial, objective = self._trial(number), self._aim.goal.objective
        value = (trial.last or {}).get(objective.name)
        where = "complete" if trial.status == "complete" else f"stops at level {trial.level} of {self._aim.view.levels}"
        self._reporter.note(f"trial {number} {where}: {objective.name} {_number(value)} ({_named(trial.config)})")

    def _tell(self) -> None:
        now = self._clock.seconds()
        if now - self._told < _TELL_EVERY:
            return
        self._told = now
        trials, best = self._tuner.view.trials, self._tuner.best()
        limit = self._aim.settings.trials
        facts = [f"trial {len(trials)}" + (f" of {limit}" if limit else "")]
        if best is not None:
            name = self._aim.goal.objective.name
            value = (best.last or {}).get(name)
            facts.append(f"best {name} {_number(value)} (trial {best.number}: {_named(best.config)})")
        facts += [f"{len(self._running)} running", f"{self._tuner.epochs} levels trained"]
        self._reporter.tuning(self._tuner.share_spent, facts)


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"


def _named(config: Mapping[str, Any]) -> str:
    shown = {name: f"{value:.3g}" if isinstance(value, float) else value for name, value in config.items()}
    return ", ".join(f"{name}={value}" for name, value in shown.items())
