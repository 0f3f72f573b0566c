"""What is better, and which trial wins."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal import ConfigError
from vernal.tuning import Constraint, Goal, Objective, Trial

LOSS, ACCURACY = Objective("loss", higher_is_better=False), Objective("accuracy", higher_is_better=True)
SMALL = Goal((LOSS,), (Constraint("size", 1.0),))


def trial(number: int, status: str, *losses: float | None, size: float = 0.0, final: float | None = None) -> Trial:
    curve = tuple({"loss": loss, "size": size} for loss in losses)
    last = {"loss": final, "size": size} if status == "complete" else None
    return Trial(number, {}, "", 27, status, curve, final=last)  # type: ignore[arg-type]


def won(*trials: Trial, goal: Goal = SMALL) -> int | None:
    best = goal.best(trials)
    return None if best is None else best.number


def test_lower_is_always_better_for_a_loss() -> None:
    assert LOSS.loss({"loss": 2.0}) == 2.0
    assert ACCURACY.loss({"accuracy": 0.9}) == -0.9


@pytest.mark.parametrize("measures", [None, {}, {"loss": None}, {"loss": math.nan}])
def test_what_was_not_measured_is_worst(measures: dict[str, float | None] | None) -> None:
    assert LOSS.loss(measures) == math.inf
    assert Constraint("loss", 1.0).violation(measures) == math.inf


@pytest.mark.parametrize(
    ("text", "constraint"),
    [
        ("forgetting<=0.02", Constraint("forgetting", 0.02, at_most=True)),
        (" new.recall >= 9e-1 ", Constraint("new.recall", 0.9, at_most=False)),
        ("size_bytes<=4E6", Constraint("size_bytes", 4e6)),
        ("drop>=-.5", Constraint("drop", -0.5, at_most=False)),
    ],
)
def test_a_constraint_is_read_as_it_is_written(text: str, constraint: Constraint) -> None:
    assert Constraint.parse(text) == constraint
    assert Constraint.parse(str(constraint)) == constraint


def test_a_bound_is_written_in_full() -> None:
    assert str(Constraint("loss", 0.02)) == "loss <= 0.02"
    assert str(Constraint("loss", 1.0000001)) == "loss <= 1.0000001"


@pytest.mark.parametrize("text", ["forgetting", "forgetting<0.1", "<=3", "a<=b", "a<=1e", "a<=--1", "a<=1<=2"])
def test_what_is_no_constraint_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no constraint. Write a measured number, <= or >=, and a bound"):
        Constraint.parse(text)


def test_a_violation_is_the_distance_to_the_bound() -> None:
    assert Constraint("size", 1.0).violation({"size": 1.0}) == 0
    assert Constraint("size", 1.0).violation({"size": 3.0}) == 2
    assert Constraint("recall", 0.9, at_most=False).violation({"recall": 0.5}) == pytest.approx(0.4)


def test_what_breaks_constraints_is_compared_by_how_far() -> None:
    assert SMALL.key({"loss": 0.1, "size": 3.0}) > SMALL.key({"loss": 9.0, "size": 2.0})
    assert SMALL.key({"loss": 9.0, "size": 0.0}) < SMALL.key({"loss": 0.1, "size": 2.0})


def test_trials_that_all_failed_or_showed_nothing_have_no_best() -> None:
    assert won(trial(0, "failed", 0.1), Trial(1, {}, "", 3)) is None


def test_a_feasible_trial_beats_a_better_one_that_breaks_a_constraint() -> None:
    assert won(trial(0, "complete", final=0.1, size=2.0), trial(1, "paused", 0.9)) == 1


def test_where_none_is_feasible_the_nearest_wins() -> None:
    assert won(trial(0, "complete", final=0.1, size=3.0), trial(1, "complete", final=0.9, size=2.0)) == 1


def test_of_those_that_are_not_complete_only_the_furthest_compete() -> None:
    assert won(trial(0, "paused", 0.1), trial(1, "paused", 0.9, 0.8, 0.7), trial(2, "paused", 0.9, 0.8, 0.6)) == 2


def test_a_trial_that_was_complete_early_must_be_as_good_as_the_furthest() -> None:
    long = trial(1, "paused", 0.9, 0.8, 0.5)
    assert won(trial(0, "complete", 0.6, final=0.6), long) == 1
    assert won(trial(0, "complete", 0.5, final=0.5), long) == 0


def test_of_equals_the_complete_one_and_then_the_earliest_wins() -> None:
    assert won(trial(0, "paused", 0.5), trial(1, "complete", final=0.5), trial(2, "complete", final=0.5)) == 1


def test_a_trial_that_was_measured_beats_one_that_was_not() -> None:
    assert won(trial(0, "complete", final=None), trial(1, "complete", final=9.0)) == 1


def test_the_rank_puts_complete_trials_before_those_that_were_trained_further() -> None:
    trials = [trial(0, "paused", 0.1), trial(1, "paused", 0.3, 0.2), trial(2, "complete", final=0.9)]
    assert [one.number for one in sorted(trials, key=SMALL.rank)] == [2, 1, 0]


@given(st.lists(st.tuples(st.sampled_from(["paused", "complete", "failed"]), st.floats(0, 1), st.floats(0, 2))))
def test_a_feasible_trial_wins_whenever_there_is_one(drawn: list[tuple[str, float, float]]) -> None:
    trials = [trial(n, status, loss, size=size, final=loss) for n, (status, loss, size) in enumerate(drawn)]
    best = SMALL.best(trials)
    able = [one for one in trials if one.status != "failed" and SMALL.is_feasible(one)]
    assert (best is None) == all(one.status == "failed" for one in trials)
    assert best is None or SMALL.is_feasible(best) == bool(able)
