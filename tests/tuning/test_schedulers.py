"""Every scheduler in the door keeps the same contract, whatever happens to its trials."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vernal.tuning as door
from tests.tuning.simulate import LOSS, SPACE, Killed, MortalBook, Simulation, World, simulate
from vernal.tuning import (
    ASHA,
    PASHA,
    RUSH,
    Constraint,
    Enqueue,
    Full,
    Goal,
    Hyperband,
    Past,
    RandomSearch,
    Scheduler,
    Trial,
    Tuner,
    Tuning,
)

Maker = Callable[[], Scheduler]
FOUND: dict[str, type[Any]] = {
    name: kind
    for name in door.__all__
    if isinstance(kind := getattr(door, name), type) and dataclasses.is_dataclass(kind) and hasattr(kind, "next")
}
WITH_ARGUMENTS: dict[str, Maker] = {
    "OptunaPruner": lambda: door.OptunaPruner(optuna.pruners.SuccessiveHalvingPruner()),
}
MAKERS: dict[str, Maker] = FOUND | WITH_ARGUMENTS
SYNCHRONOUS = (Full, Hyperband)
LIMITS = (
    Tuning(max_trials=7),
    Tuning(max_epochs=23),
    Tuning(max_completed=3),
    Tuning(max_finished=5),
    Tuning(max_minutes=0.5),
    Tuning(max_cost=0.01, price_per_hour=1.0),
)
EVENTFUL = World(fails={1: 2, 4: 1}, dies={2: (1, 1), 5: (2, 5)}, ends={0: 4, 6: 2})

every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def limits_hold(tuner: Tuner, limits: Tuning, levels: int, workers: int) -> None:
    """Exactly, where a limit is on what is counted beforehand; the trials that are taken to their end are on top."""
    trials, book = tuner.view.trials, tuner._book
    assert isinstance(book, MortalBook)
    on_top = sum(trials[number].level - level for number, level in book.levels_before_finish.items())
    complete = sum(trial.status == "complete" for trial in trials if trial.number not in book.levels_before_finish)
    early = sum(trial.status == "complete" and trial.level < levels for trial in trials)
    if limits.trials is not None:
        assert len(trials) <= limits.trials
    if limits.max_finished is not None:
        assert len(trials) <= limits.max_finished
    if limits.max_epochs is not None:
        assert tuner.epochs - on_top <= max(limits.max_epochs, levels)
    if limits.max_completed is not None:
        assert complete <= limits.max_completed + min(early, workers - 1)
    if limits.max_minutes is not None:
        assert book.last_start < 60 * limits.max_minutes


def outcome(tuner: Tuner) -> list[tuple[Any, ...]]:
    return [(t.number, t.config, t.origin, t.until, t.status, t.curve, t.final) for t in tuner.view.trials]


def test_the_schedulers_are_found() -> None:
    assert {"ASHA", "Full", "Hyperband", "PASHA", "RUSH"} <= {*FOUND}
    assert all(isinstance(make(), Scheduler) for make in MAKERS.values())


@every
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("limits", LIMITS, ids=lambda limits: next(k for k, v in vars(limits).items() if v))
@pytest.mark.parametrize("world", [World(), EVENTFUL], ids=["calm", "eventful"])
def test_limits_are_kept_and_the_best_trial_is_complete(
    make: Maker, workers: int, limits: Tuning, world: World
) -> None:
    tuner = simulate(world, make(), limits, workers)
    best = tuner.best()
    assert best is not None
    assert best.status == "complete"
    assert tuner.next() is None
    limits_hold(tuner, limits, world.levels, workers)


@every
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_whatever_happens_the_search_ends_and_gives_no_trial_twice(make: Maker, data: st.DataObject) -> None:
    levels, trials = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 14))
    numbers, some = st.integers(0, trials), st.integers(1, levels)
    world = World(
        levels=levels,
        fails=data.draw(st.dictionaries(numbers, some, max_size=4)),
        dies=data.draw(st.dictionaries(numbers, st.tuples(some, st.integers(1, 4)), max_size=3)),
        ends=data.draw(st.dictionaries(numbers, some, max_size=4)),
        seed=data.draw(st.integers(0, 3)),
    )
    limits = Tuning(max_trials=trials, max_epochs=data.draw(st.none() | st.integers(1, 40)))
    tuner = simulate(world, make(), limits, workers := data.draw(st.integers(1, 5)))
    limits_hold(tuner, limits, levels, workers)
    best = tuner.best()
    assert best.status == "complete" if best else all(t.status == "failed" for t in tuner.view.trials)


@every
def test_the_same_seed_gives_the_same_trials_and_another_others(make: Maker) -> None:
    one, other = (simulate(EVENTFUL, make(), Tuning(max_trials=9), workers=3) for _ in range(2))
    assert outcome(one) == outcome(other)
    assert outcome(simulate(dataclasses.replace(EVENTFUL, seed=1), make(), Tuning(max_trials=9), 3)) != outcome(one)


def live_and_die(make: Maker, world: World, limits: Tuning, path: Path, workers: int) -> Tuner:
    """A search whose process is killed after every single event."""
    for _ in range(500):
        book = MortalBook(path, lives=1)
        try:
            return Simulation(world, make(), limits, workers, book=book, now=book.seconds).run()
        except Killed:
            continue
    raise AssertionError("the search does not end")


def events(path: Path) -> list[dict[str, Any]]:
    return [{**json.loads(line), "seconds": None} for line in path.read_text().splitlines()]


@every
@pytest.mark.parametrize("limits", [Tuning(max_trials=9), Tuning(max_epochs=30), Tuning(max_completed=2)])
def test_one_worker_killed_at_every_event_goes_on_as_if_nothing_had_been(
    make: Maker, limits: Tuning, tmp_path: Path
) -> None:
    world = World(fails={1: 2, 4: 1}, ends={0: 4, 6: 2})
    undisturbed = simulate(world, make(), limits, book=MortalBook(tmp_path / "whole"))
    resumed = live_and_die(make, world, limits, tmp_path / "book", 1)
    assert outcome(resumed) == outcome(undisturbed)
    assert events(tmp_path / "book") == events(tmp_path / "whole")


@every
def test_four_workers_killed_at_every_event_end_well(make: Maker, tmp_path: Path) -> None:
    best = live_and_die(make, EVENTFUL, Tuning(max_trials=9), tmp_path / "book", 4).best()
    assert best is not None
    assert best.status == "complete"


@every
def test_one_level_is_enough(make: Maker) -> None:
    tuner = simulate(World(levels=1), make(), Tuning(max_trials=6), workers=2)
    assert [trial.status for trial in tuner.view.trials] == ["complete"] * 6


@every
def test_one_trial_is_trained_to_its_end(make: Maker) -> None:
    (trial,) = simulate(World(), make(), Tuning(max_trials=1)).view.trials
    assert (trial.status, trial.level) == ("complete", 9)


@every
@pytest.mark.parametrize("limits", [Tuning(max_trials=5), Tuning(max_epochs=30), Tuning(max_completed=2)])
def test_a_search_whose_trials_all_fail_ends_without_a_best(make: Maker, limits: Tuning) -> None:
    world = World(fails=dict.fromkeys(range(100), 1))
    tuner = simulate(world, make(), limits, workers=2)
    assert tuner.best() is None
    assert len(tuner.view.trials) <= 22


@every
@pytest.mark.parametrize("workers", [1, 3])
def test_a_feasible_trial_is_preferred_to_all_that_break_a_constraint(make: Maker, workers: int) -> None:
    goal = Goal(LOSS.objectives, (Constraint.parse("size>=0.7"),))  # What is best without it lies at 0.3.
    tuner = simulate(World(goal=goal), make(), Tuning(max_trials=15), workers)
    best = tuner.best()
    assert best is not None
    assert goal.is_feasible(best)
    assert any(not goal.is_feasible(trial) for trial in tuner.view.trials)


@every
def test_a_constraint_that_nothing_keeps_still_ends_with_a_complete_trial(make: Maker) -> None:
    goal = Goal(LOSS.objectives, (Constraint.parse("size<=-1"), Constraint.parse("latency_ms<=5")))
    tuner = simulate(World(goal=goal), make(), Tuning(max_trials=8))
    best = tuner.best()
    assert best is not None
    assert best.status == "complete"
    assert not goal.is_feasible(best)


@pytest.mark.parametrize("make", [ASHA, Hyperband, PASHA, RUSH])
def test_what_was_never_measured_is_never_promoted(make: Maker) -> None:
    tuner = simulate(World(measures=lambda config, level: {"loss": float("nan")}), make(), Tuning(max_trials=9))  # noqa: ARG005
    reached = sorted(trial.level for trial in tuner.view.trials)
    assert reached[-1] == 9
    assert set(reached[:-1]) < {1, 3, 9}


@pytest.mark.parametrize("make", SYNCHRONOUS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_synchronous_search_does_not_depend_on_the_number_of_workers(make: Maker, data: st.DataObject) -> None:
    trials, some = data.draw(st.integers(1, 40)), st.integers(1, 9)
    world = World(
        fails=data.draw(st.dictionaries(st.integers(0, trials), some, max_size=4)),
        dies=data.draw(st.dictionaries(st.integers(0, trials), st.tuples(some, st.integers(1, 4)), max_size=3)),
        ends=data.draw(st.dictionaries(st.integers(0, trials), some, max_size=4)),
    )
    limits = data.draw(st.sampled_from([Tuning(max_trials=trials), Tuning(max_epochs=5 * trials)]))
    one, many = (simulate(world, make(), limits, workers) for workers in (1, data.draw(st.integers(2, 6))))
    assert outcome(one) == outcome(many)


@every
def test_a_ragged_history_is_tried_and_does_no_harm(make: Maker) -> None:
    """Curves of unequal length: a trial that failed, one that was never measured, one that was trained further."""
    trials = (
        Trial(0, {"x": 0.9, "speed": 0.9}, "default", 9, "failed", error="no memory"),
        Trial(1, {"x": 0.8, "speed": 0.2}, "random", 1, "paused", ({"loss": None},)),
        Trial(
            2, {"x": 0.3, "speed": 0.3}, "random", 3, "complete", ({"loss": 0.9}, {"loss": 0.4}), final={"loss": 0.4}
        ),
        Trial(3, {"x": 0.4, "speed": 0.4}, "random", 27, "paused", ({"loss": 0.6},) * 12),
    )
    world = World(past=(Past("1a2b3c4d5e6f", SPACE, {}, "loss", False, 27, trials),))
    tuner = simulate(world, make(), Tuning(max_trials=9), 2, searcher=Enqueue(RandomSearch()))
    assert [trial.origin for trial in tuner.view.trials].count("update 1a2b3c4d5e6f") == 1
    best = tuner.best()
    assert best is not None
    assert best.status == "complete"


def test_ragged_trials_of_every_kind_are_ranked() -> None:
    """A paused, a failed, an early complete and an unmeasured trial in one view."""
    trials = (
        Trial(0, {"x": 0.1}, "default", 3, "paused", ({"loss": 1.0}, {"loss": 0.9}, {"loss": 0.8})),
        Trial(1, {"x": 0.2}, "random", 3, "failed", ({"loss": 0.5},), error="no memory"),
        Trial(2, {"x": 0.3}, "random", 9, "complete", ({"loss": 0.7},), final={"loss": 0.7}),
        Trial(3, {"x": 0.4}, "random", 1, "paused", ({"loss": None},)),
    )
    view = dataclasses.replace(World().view, trials=trials)
    assert [trial.number for trial in view.at(1)] == [1, 2, 0, 3]
    assert [trial.number for trial in view.at(3)] == [2, 0]
    assert [trial.number for trial in view.at(9)] == [2]
