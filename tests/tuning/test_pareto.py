"""The Pareto set against its definition."""

import math

from hypothesis import given
from hypothesis import strategies as st

from tests.tuning.searches import MIXED, constrained, some_trials
from vernal.tuning import Goal, Objective, Trial, pareto

GOAL = Goal((Objective("loss", higher_is_better=False), Objective("recall", higher_is_better=True)))


def complete(number: int, loss: float | None, recall: float | None) -> Trial:
    return Trial(number, {}, "random", 1, "complete", final={"loss": loss, "recall": recall})


def test_trials_that_trade_one_for_the_other_are_in_the_set() -> None:
    trials = [complete(0, 1.0, 0.5), complete(1, 2.0, 0.9), complete(2, 2.0, 0.8), complete(3, 1.5, 0.5)]
    assert pareto(trials, GOAL) == [0, 1]


def test_equal_trials_are_both_in_the_set_and_what_was_not_measured_is_not() -> None:
    trials = [complete(0, 1.0, 0.5), complete(1, 1.0, 0.5), complete(2, None, 0.9), complete(3, 0.1, math.nan)]
    assert pareto(trials, GOAL) == [0, 1]


def test_only_complete_trials_that_keep_the_constraints_count() -> None:
    goal = constrained("loss", "recall")
    measures = {"loss": 1.0, "recall": 0.5}
    small, large = {**measures, "size": 1.0}, {**measures, "size": 1.5}
    trials = [
        Trial(0, {}, "", 1, "complete", final=large),
        Trial(1, {}, "", 1, "complete", final=small),
        Trial(2, {}, "", 1, "paused", (small,)),
        Trial(3, {}, "", 1, "complete", final=measures),
    ]
    assert pareto(trials, goal) == [1]
    assert pareto([], goal) == []


@given(some_trials(MIXED, ("loss", "recall", "size")))
def test_nobody_in_the_set_is_dominated_and_everybody_else_is(trials: tuple[Trial, ...]) -> None:
    goal = constrained("loss", "recall")
    able = [t for t in trials if t.status == "complete" and goal.is_feasible(t)]
    points = {t.number: [o.loss(t.last) for o in goal.objectives] for t in able}
    points = {n: p for n, p in points.items() if max(p) < math.inf}
    chosen = pareto(trials, goal)
    for number, (a, b) in points.items():
        beaten = any(c <= a and d <= b and (c < a or d < b) for c, d in points.values())
        assert (number in chosen) != beaten
    assert {*chosen} <= points.keys()


@given(st.permutations(range(5)))
def test_the_order_of_trials_does_not_matter(order: list[int]) -> None:
    trials = [complete(n, float(n % 3), n / 5) for n in range(5)]
    assert sorted(pareto([trials[n] for n in order], GOAL)) == pareto(trials, GOAL)
