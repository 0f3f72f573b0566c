"""The oracle against every plan there is."""

import itertools

import numpy as np
import pytest

from vernal.base import DataError
from vernal.worth import oracle, replay


def served_one_by_one(times, matrix, costs):
    """What a plan costs, step by step."""
    model, total = 0, 0.0
    for step in range(len(matrix)):
        if step in times:
            model, total = step, total + costs[step]
        total += matrix[model, step]
    return total


def every_plan(steps):
    return (plan for n in range(steps) for plan in itertools.combinations(range(1, steps), n))


@pytest.mark.parametrize("seed", range(200))
def test_it_finds_what_trying_every_plan_finds(seed):
    rng = np.random.default_rng(seed)
    matrix, costs = rng.exponential(size=(9, 9)), rng.uniform(0, 2, 9)
    cheapest = min(served_one_by_one(plan, matrix, costs) for plan in every_plan(9))
    found = oracle(matrix, costs)
    assert found.cost == pytest.approx(cheapest)
    assert replay(found.times, matrix, costs) == pytest.approx(cheapest)


def test_a_replay_costs_what_serving_step_by_step_costs():
    matrix = np.random.default_rng(0).random((7, 7))
    for plan in every_plan(7):
        assert replay(plan, matrix, 0.3) == pytest.approx(served_one_by_one(plan, matrix, np.full(7, 0.3)))


def test_no_plan_costs_less():
    rng = np.random.default_rng(1)
    matrix = rng.random((40, 40))
    best = oracle(matrix, 2.0).cost
    plans = [np.flatnonzero(rng.random(40) < share) for share in np.linspace(0, 1, 50)]
    assert min(replay([t for t in plan if t], matrix, 2.0) for plan in plans) >= best


def test_of_equal_plans_it_takes_the_one_that_updates_less():
    assert oracle(np.zeros((5, 5)), 0.0).times == ()


def test_what_lies_below_the_diagonal_is_not_looked_at():
    matrix = np.full((4, 4), np.nan)
    matrix[np.triu_indices(4)] = 1.0
    assert oracle(matrix, 1.0) == ((), 4.0)


@pytest.mark.parametrize(
    ("matrix", "cost", "message"),
    [
        (np.zeros((2, 3)), 1.0, r"must be square .* got the shape \(2, 3\)"),
        (np.zeros((0, 0)), 1.0, "must be square"),
        (np.array([[0, np.inf], [0, 0]]), 1.0, r"must be finite .* got inf at \[0, 1\]"),
        (np.zeros((2, 2)), -1.0, "at least 0"),
        (np.zeros((2, 2)), np.ones(3), "one number, or 2"),
    ],
)
def test_what_cannot_be_used_is_refused(matrix, cost, message):
    with pytest.raises(DataError, match=message):
        oracle(matrix, cost)


@pytest.mark.parametrize("times", [[0], [3], [2, 1], [1, 1]])
def test_times_ascend_within_the_matrix(times):
    with pytest.raises(DataError, match=r"must ascend within 1 \.\. 2"):
        replay(times, np.zeros((3, 3)), 1.0)
