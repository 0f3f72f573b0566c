"""The tuner: limits, the end of a search, and what it does not believe."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tuning.simulate import Listed, MortalBook, Simulation, World, flat, simulate
from vernal import ConfigError, StateError
from vernal.space import Space, choice, randint
from vernal.tuning import (
    ASHA,
    PASHA,
    Begin,
    Book,
    Constraint,
    Done,
    Full,
    Goal,
    GoOn,
    Hyperband,
    Move,
    Objective,
    RandomSearch,
    Scheduler,
    Suggestion,
    Tuner,
    Tuning,
    View,
    Wait,
)
from vernal.tuning.tuner import MAX_DEATHS

CONFIG = {"x": 0.5, "speed": 0.5}


@dataclasses.dataclass(frozen=True)
class Says:
    """A scheduler that always says the same."""

    move: Any

    def next(self, view: View) -> Move:  # noqa: ARG002
        return self.move  # type: ignore[no-any-return]


@dataclasses.dataclass(frozen=True)
class Suggests:
    """A searcher that always suggests the same."""

    config: Mapping[str, Any]

    def suggest(self, view: View) -> Suggestion:  # noqa: ARG002
        return Suggestion(self.config, "always")


def a_tuner(
    scheduler: Scheduler | None = None, limits: Tuning | None = None, book: Book | None = None, seconds: float = 0.0
) -> Tuner:
    return Tuner(
        World(levels=3).view, limits or Tuning(), RandomSearch(), scheduler or Full(), book or Book(), lambda: seconds
    )


def measured(loss: float) -> dict[str, float]:
    return {"loss": loss}


# Limits


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_as_many_trials_begin_and_complete_as_was_said(workers: int) -> None:
    """Libraries that look at a limit when a trial ends begin one too many for each further worker."""
    for limits in (Tuning(max_trials=12), Tuning(max_completed=12), Tuning(max_finished=12), Tuning(max_epochs=36)):
        tuner = simulate(World(levels=3), Full(), limits, workers)
        assert [trial.status for trial in tuner.view.trials] == ["complete"] * 12
        assert tuner.epochs == 36


def test_without_a_limit_twenty_trials_begin() -> None:
    assert len(simulate(World(levels=1), Full(), Tuning()).view.trials) == 20


@pytest.mark.parametrize("workers", [1, 3])
def test_an_epoch_too_many_is_not_begun(workers: int) -> None:
    tuner = simulate(World(levels=3), Full(), Tuning(max_epochs=8), workers)
    assert tuner.epochs == 6


def test_a_first_trial_always_begins() -> None:
    assert simulate(World(levels=9), Full(), Tuning(max_epochs=2)).epochs == 9


def test_after_so_many_minutes_nothing_begins_in_no_process(tmp_path: Path) -> None:
    limits = Tuning(max_minutes=1)
    first = a_tuner(limits=limits, book=Book(tmp_path / "book"), seconds=40.0)
    assert first.next() is not None
    first.complete(0, measured(1.0), trained=40.0)
    second = a_tuner(limits=limits, book=Book(tmp_path / "book"), seconds=19.0)
    assert second.seconds == 59
    assert not second.is_over
    assert a_tuner(limits=limits, book=Book(tmp_path / "book"), seconds=20.0).is_over


def test_money_is_the_hours_that_trials_have_trained() -> None:
    tuner = a_tuner(limits=Tuning(max_cost=3.0, price_per_hour=2.0))
    for number in (0, 1):
        assert tuner.next() is not None
        tuner.level(number, 1, measured(1.0), trained=1800.0)
    assert tuner.cost == 2.0
    assert not tuner.is_exhausted
    tuner.complete(1, measured(1.0), trained=3600.0)
    assert tuner.cost == 3.0
    assert tuner.next() is None


def test_twenty_failures_in_a_row_end_a_search() -> None:
    world = World(levels=1, fails=dict.fromkeys(range(3, 100), 1))
    tuner = simulate(world, Full(), Tuning(max_completed=4))
    assert len(tuner.view.trials) == 3 + 20
    assert tuner.best() is not None


@pytest.mark.parametrize("limit", ["max_minutes", "max_cost", "price_per_hour"])
def test_a_limit_of_nothing_is_refused(limit: str) -> None:
    with pytest.raises(ConfigError, match=f"`{limit}` must be above 0, got 0. Leave it out for no limit."):
        Tuning(**{limit: 0, "price_per_hour": 0 if limit == "price_per_hour" else 1})


@pytest.mark.parametrize("scheduler", [Full(), ASHA(), Hyperband()])
def test_a_small_space_is_tried_once_and_then_the_search_is_over(scheduler: Scheduler) -> None:
    space = Space({"depth": randint(1, 2), "skip": choice(True, False).only_if(depth=2)})
    goal = Goal((Objective("loss", higher_is_better=False),))
    tuner = Tuner(View(space, {"depth": 1}, goal), Tuning(), RandomSearch(), scheduler, Book(), lambda: 0.0)
    while (run := tuner.next()) is not None:
        tuner.complete(run.number, {"loss": 1.0}, 1.0)
    configs = [trial.config for trial in tuner.view.trials]
    assert space.few is not None
    assert sorted(map(str, configs)) == sorted(map(str, space.few.values()))
    assert tuner.why_over == "there is nothing left to try"


# The end of a search


def test_the_best_is_taken_to_its_end_whatever_the_limits_say() -> None:
    tuner = simulate(World(levels=27), ASHA(), Tuning(max_epochs=3))
    best = tuner.best()
    assert best is not None
    assert (best.status, best.level) == ("complete", 27)


def test_where_the_best_fails_on_its_way_the_next_best_is_taken() -> None:
    world = World(levels=27, measures=flat, fails={1: 5, 3: 2})
    tuner = simulate(world, ASHA(), Tuning(max_finished=4), searcher=Listed([0.4, 0.1, 0.3, 0.2]))
    assert [trial.status for trial in tuner.view.trials] == ["paused", "failed", "complete", "failed"]
    assert tuner.best() == tuner.view.trials[2]


def late(config: Mapping[str, Any], level: int) -> dict[str, float]:
    """What is good at first grows too large in the end."""
    return {"loss": config["x"], "size": 2.0 if level == 27 and config["x"] < 0.25 else 0.0}


@pytest.mark.parametrize(
    ("limits", "statuses"),
    [
        (Tuning(max_trials=2), ["complete", "complete"]),
        (Tuning(max_finished=2), ["complete", "paused"]),
        (Tuning(max_trials=2, max_epochs=30), ["complete", "paused"]),
        (Tuning(max_trials=2, max_epochs=54), ["complete", "complete"]),
    ],
)
def test_where_the_best_breaks_a_constraint_in_the_end_another_is_taken_as_the_limits_allow(
    limits: Tuning, statuses: list[str]
) -> None:
    world = World(levels=27, measures=late, goal=Goal(World().goal.objectives, (Constraint("size", 1.0),)))
    tuner = simulate(world, ASHA(), limits, searcher=Listed([0.1, 0.5]))
    assert [trial.status for trial in tuner.view.trials] == statuses
    best = tuner.best()
    assert best is not None
    assert world.goal.is_feasible(best) == (statuses[1] == "complete")


def worsening(config: Mapping[str, Any], level: int) -> dict[str, float]:
    return {"loss": config["x"] + (0.5 if level == 27 and config["x"] < 0.25 else 0.0)}


def test_where_the_best_is_worse_in_the_end_than_a_complete_one_that_wins() -> None:
    """Trial 0 is complete early, trial 1 better so far; at its end it is not, and the search has its answer."""
    world = World(levels=27, measures=worsening, ends={0: 1})
    tuner = simulate(world, ASHA(), Tuning(max_trials=3), searcher=Listed([0.4, 0.2, 0.9]))
    assert [trial.status for trial in tuner.view.trials] == ["complete", "complete", "paused"]
    assert tuner.best() == tuner.view.trials[0]


def test_what_is_done_at_the_end_does_not_open_the_search_again() -> None:
    """One trial has now been allowed beyond the second rung; PASHA would send the second best after it."""
    losses = [(n * 7 % 18) / 18 for n in range(18)]
    tuner = simulate(World(levels=27, measures=flat), PASHA(), Tuning(max_trials=18), searcher=Listed(losses))
    assert isinstance(PASHA().next(tuner.view), GoOn)
    assert tuner.is_over
    assert sum(trial.level > 3 for trial in tuner.view.trials) == 1


# Other limits


@pytest.mark.parametrize("scheduler", [Full(), ASHA(), PASHA(), Hyperband()], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("workers", [1, 3])
def test_a_search_that_was_over_goes_on_with_larger_limits(tmp_path: Path, scheduler: Scheduler, workers: int) -> None:
    path, world = tmp_path / "book", World()
    before = simulate(world, scheduler, Tuning(max_trials=6), workers, book=MortalBook(path))
    text = path.read_text()
    after = simulate(world, scheduler, Tuning(max_trials=15), workers, book=MortalBook(path))
    assert path.read_text().startswith(text)
    for old, new in zip(before.view.trials, after.view.trials, strict=False):
        assert (new.config, new.curve[: old.level]) == (old.config, old.curve)
    at_once = simulate(world, scheduler, Tuning(max_trials=15), workers)
    assert [trial.config for trial in after.view.trials] == [trial.config for trial in at_once.view.trials]
    best = after.best()
    assert best is not None
    assert best.status == "complete"


@pytest.mark.parametrize("scheduler", [Full(), ASHA(), PASHA(), Hyperband()], ids=lambda one: type(one).__name__)
def test_a_search_with_the_limits_that_it_had_is_over(tmp_path: Path, scheduler: Scheduler) -> None:
    path, limits = tmp_path / "book", Tuning(max_trials=7)
    simulate(World(), scheduler, limits, book=MortalBook(path))
    text = path.read_text()
    again = simulate(World(), scheduler, limits, book=MortalBook(path))
    assert again.is_over
    assert path.read_text() == text


def test_a_search_that_ran_out_of_money_goes_on_where_an_hour_costs_less(tmp_path: Path) -> None:
    path, limits = tmp_path / "book", Tuning(max_cost=0.01, price_per_hour=1)
    dear = simulate(World(), ASHA(), limits, book=MortalBook(path))
    cheap = simulate(World(), ASHA(), dataclasses.replace(limits, price_per_hour=0.5), book=MortalBook(path))
    assert len(cheap.view.trials) > len(dear.view.trials)


# Small spaces


def test_what_was_tried_is_not_tried_again_whoever_suggests_it() -> None:
    space = Space({"x": choice(1, 2), "depth": randint(1, 3)})
    view = dataclasses.replace(World(levels=1).view, space=space, default=space.default({}))
    for searcher in (RandomSearch(), Suggests({"x": 2, "depth": 3})):
        tuner = Tuner(view, Tuning(max_trials=20), searcher, Full(), Book(), lambda: 0.0)
        while (run := tuner.next()) is not None:
            tuner.complete(run.number, measured(1.0), 1.0)
        configs = [tuple(trial.config.values()) for trial in tuner.view.trials]
        assert sorted(configs) == [(x, depth) for x in (1, 2) for depth in (1, 2, 3)]
        assert tuner.is_over


# Processes that die


def test_a_trial_whose_process_dies_three_times_at_one_place_has_failed() -> None:
    tuner = simulate(World(dies={0: (2, MAX_DEATHS)}), Full(), Tuning(max_trials=2))
    assert tuner.view.trials[0].status == "failed"
    assert "died 3 times at the same place; the last one died." in tuner.view.trials[0].error
    assert simulate(World(dies={0: (2, 2)}), Full(), Tuning(max_trials=2)).view.trials[0].status == "complete"


def test_how_the_last_process_of_a_trial_died_is_told() -> None:
    tuner = a_tuner(limits=Tuning(max_trials=1))
    for signal in (11, 11, 9):
        run = tuner.next()
        assert run is not None
        tuner.die(run.number, f"was killed by signal {signal}")
    error = "Its process died 3 times at the same place; the last one was killed by signal 9."
    assert tuner.view.trials[0].error == error


def test_the_deaths_of_a_process_count_after_that_of_the_tuner(tmp_path: Path) -> None:
    path = tmp_path / "book"
    for _ in range(MAX_DEATHS):
        tuner = a_tuner(book=Book(path), limits=Tuning(max_trials=1))
        assert tuner.next() is not None
        tuner.die(0)
    assert a_tuner(book=Book(path), limits=Tuning(max_trials=1)).is_over
    assert Book(path).trials[0].status == "failed"


def test_what_ran_when_the_tuner_died_is_given_away_first() -> None:
    book = MortalBook()
    first = Simulation(World(), ASHA(), Tuning(max_trials=5), workers=3, book=book)
    first._give()
    second = Tuner(World().view, Tuning(max_trials=5), RandomSearch(), ASHA(), book, lambda: 0.0)
    given = [second.next() for _ in range(4)]
    assert [run.number for run in given if run] == [0, 1, 2, 3]


# What is not believed


def test_a_worker_that_was_given_up_is_not_heard() -> None:
    tuner = a_tuner()
    tuner.next()
    tuner.fail(0, "no memory")
    tuner.level(0, 1, measured(0.0), trained=1.0)
    tuner.pause(0)
    tuner.complete(0, measured(0.0), trained=1.0)
    tuner.die(0)
    (trial,) = tuner.view.trials
    assert (trial.status, trial.level, trial.error) == ("failed", 0, "no memory")


def test_a_level_is_heard_once_and_none_may_be_left_out() -> None:
    tuner = a_tuner()
    tuner.next()
    tuner.level(0, 1, measured(1.0), trained=1.0)
    tuner.level(0, 1, measured(9.0), trained=1.0)
    assert tuner.view.trials[0].curve == (measured(1.0),)
    with pytest.raises(StateError, match="Trial 0 tells of level 3, and was last heard of at level 1. A worker must"):
        tuner.level(0, 3, measured(1.0), trained=3.0)


def test_a_number_that_is_not_finite_was_not_measured() -> None:
    tuner = a_tuner()
    tuner.next()
    tuner.level(0, 1, {"loss": float("nan"), "size": float("inf"), "recall": 1}, trained=1.0)
    assert tuner.view.trials[0].curve == ({"loss": None, "size": None, "recall": 1.0},)


@pytest.mark.parametrize(
    "move", [Begin(0), Begin(4), GoOn(0, 1), GoOn(0, 4), GoOn(1, 3), GoOn(7, 3), Wait(), None, "begin"]
)
def test_a_move_that_cannot_be_made_names_the_scheduler(move: Any) -> None:
    book = Book()
    for number, kind in enumerate(("pause", "fail")):
        book.write("begin", number, 0.0, config=CONFIG, origin="", until=1)
        book.write("level", number, 0.0, level=1, measures=measured(1.0), trained=0.0)
        book.write(kind, number, 0.0, error="")
    with pytest.raises(ConfigError, match="The scheduler Says decides .*, which cannot be done. It may begin a trial"):
        a_tuner(Says(move), book=book).next()


def test_beginning_where_none_may_begin_cannot_be_done() -> None:
    tuner = a_tuner(Says(Begin(1)), Tuning(max_trials=1))
    assert tuner.next() is not None
    with pytest.raises(ConfigError, match="decides Begin"):
        tuner.next()


def test_a_scheduler_may_be_done_at_once() -> None:
    tuner = a_tuner(Says(Done()))
    assert tuner.is_over
    assert tuner.best() is None


def test_a_suggestion_outside_the_space_names_the_searcher() -> None:
    tuner = Tuner(World().view, Tuning(), Suggests({"x": 7}), Full(), Book(), lambda: 0.0)
    with pytest.raises(ConfigError, match="The searcher Suggests suggests .*which is not in the space"):
        tuner.next()


def test_what_a_searcher_says_with_numpys_numbers_is_written_down_with_pythons(tmp_path: Path) -> None:
    book = Book(tmp_path / "book")
    Tuner(World().view, Tuning(), Suggests({"x": np.float32(0.5), "speed": 1}), Full(), book, lambda: 0.0).next()
    config = Book(tmp_path / "book").trials[0].config
    assert config == book.trials[0].config == {"x": 0.5, "speed": 1.0}
    assert {type(value) for value in config.values()} == {float}
