"""Choosing values for an update: workers train trials, and the best one becomes the update."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vernal.base import Clock, MissingExtra, TrainingError, VernalError, digest
from vernal.training import Reporter
from vernal.transaction.aim import Aim
from vernal.transaction.crew import ABOUT_PLAN, Crew
from vernal.transaction.leases import current_lease
from vernal.transaction.situation import Situation
from vernal.transaction.trial import situation_at
from vernal.tuning import (
    Book,
    BoundingBox,
    Enqueue,
    Past,
    Scheduler,
    Searcher,
    Trial,
    Tuner,
    View,
    importance,
    pareto,
)


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
    aim = Aim(situation)
    aim.check()
    _tell(aim, reporter)
    folder = _own(folder, situation)
    began = clock.seconds()
    book = Book(folder / "trials.jsonl")
    searcher, scheduler = aim.settings.search(bool(aim.view.past))
    tuner = Tuner(aim.view, aim.settings, searcher, scheduler, book, lambda: clock.seconds() - began)
    if not tuner.is_over:
        reporter.phase("tune")
        if book.trials:
            reporter.note(f"goes on with {len(book.trials)} trials, {tuner.epochs} levels")
        try:
            Crew(aim, tuner, folder, reporter, clock).work()
        except VernalError as error:
            if type(error).__name__ in ABOUT_PLAN and not tuner.epochs:
                shutil.rmtree(folder)  # What is wrong is to be put right first, and nothing is lost.
            raise
    best = tuner.best()
    if best is None or best.status != "complete":
        raise TrainingError(_all_failed(book.trials, _aside(folder)))
    if not math.isfinite(aim.goal.objective.loss(best.last)):
        raise TrainingError(
            f"No trial has a number for {aim.goal.objective.name!r}, so there is nothing to choose by; the champion is "
            f"as it was. Choose another metric (`metric` of the tuning). The trials are in {_aside(folder)}."
        )
    summary = _names(searcher, scheduler) | _summary(aim, tuner, best, book.seconds)
    lease = current_lease(folder / str(best.number))
    return Searched(situation_at(situation, summary["config"]), lease, aim.past(book.trials), summary)


def _tell(aim: Aim, reporter: Reporter) -> None:
    """Say what is not to be chosen, though it has a range."""
    for name, value in aim.frozen.items():
        reporter.note(f"{name} stays {value!r}: another value would be another architecture than the champion's")
    if not aim.view.space:
        reporter.note("nothing is left to choose: there is one trial")


def _own(folder: Path, situation: Situation) -> Path:
    """The folder of this search. An erasure changes what trials start from, and another vernal what they compute."""
    basis = digest({"vernal": version("vernal"), "parent": situation.parent.basis if situation.parent else None})
    own = folder / f"trials-{basis[:12]}"
    for outdated in {*folder.glob("trials-*")} - {own}:
        shutil.rmtree(outdated)
    own.mkdir(parents=True, exist_ok=True)
    return own


def _aside(folder: Path) -> Path:
    """Where all trials are now that they have failed; the same search made again begins anew."""
    aside = folder.with_name("failed")
    shutil.rmtree(aside, ignore_errors=True)
    return folder.rename(aside)


def _summary(aim: Aim, tuner: Tuner, best: Trial, seconds: float) -> dict[str, Any]:
    """What the record says about a search."""
    view, settings, objectives = tuner.view, aim.settings, aim.goal.objectives
    trials = view.trials
    return {
        "metric": objectives[0].name,
        "higher_is_better": objectives[0].higher_is_better,
        "also": [one.name for one in objectives[1:]],
        "also_higher_is_better": [one.higher_is_better for one in objectives[1:]],
        "constraints": [str(one) for one in aim.goal.constraints],
        "levels": view.levels,
        "chosen": best.number,
        "config": aim.config(best.config),
        "frozen": aim.frozen,
        "space": view.space.to_json(),
        "trials": len(trials),
        "complete": sum(trial.status == "complete" for trial in trials),
        "failed": sum(trial.status == "failed" for trial in trials),
        "epochs": tuner.epochs,
        "seconds": seconds,
        "cost": tuner.cost if settings.price_per_hour else None,
        "feasible": aim.goal.is_feasible(best),
        "importance": _importance(view),
        "pareto": pareto(trials, aim.goal) if settings.also else [],
        "past": [one.update for one in view.past],
        "stopped": tuner.why_over,
    }


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
    first = f" The first of them, trial {errors[0].number}: {errors[0].error.rstrip('.')}." if errors else ""
    return (
        f"None of {len(trials)} trials could be trained to its end; the champion is as it was.{first} What they wrote "
        f"is in {folder}."
    )
