"""PASHA: when the ladder grows, and what counts as noise, by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tuning.simulate import Config, Listed, World, flat, simulate
from vernal.tuning import PASHA, Constraint, Goal, Trial, Tuning, View
from vernal.tuning.pasha import is_unstable, noise, open_rungs

RUNGS = (1, 3, 9, 27)

# Each pair crosses and comes back, 0.1, 0.2 and 0.3 apart at last; from pair to pair nothing crosses.
NOISY = (
    (1.0, 2.0, 1.0), (1.1, 1.9, 1.1),
    (5.0, 5.0, 5.0), (5.2, 4.8, 5.2),
    (9.0, 9.0, 9.0), (9.3, 8.7, 9.3),
)  # fmt: skip
# The 90th percentile of three numbers lies at place 0.9 * 2 = 1.8: 0.2 + 0.8 * (0.3 - 0.2).
EPSILON = 0.28


def view_of(*curves: Sequence[float | None], until: int = 3) -> View:
    trials = (
        Trial(n, {}, "", max(until, len(curve)), "paused", tuple({"loss": loss} for loss in curve))
        for n, curve in enumerate(curves)
    )
    return dataclasses.replace(World(levels=27).view, trials=tuple(trials))


def swapping(distance: float) -> tuple[tuple[float, ...], ...]:
    """Two curves that change their order once, and lie so far apart at level 1."""
    return (20.0, 20.1, 20.9), (20.0 + distance, 20.0 + distance, 20.8)


def test_epsilon_is_the_90th_percentile_of_what_crosses_and_returns() -> None:
    assert noise(view_of(*NOISY), RUNGS[:2]) == pytest.approx(EPSILON)


def test_curves_that_cross_once_are_no_noise() -> None:
    assert noise(view_of(*swapping(0.3)), RUNGS[:2]) == 0


def test_equal_values_are_neither_order() -> None:
    assert noise(view_of((1.0, 1.0, 1.0), (1.0, 2.0, 1.0)), RUNGS[:2]) == 0
    assert noise(view_of((1.0, 1.0, 2.0, 1.0), (1.1, 1.0, 1.0, 1.1)), [1, 4]) == pytest.approx(0.1)


def test_where_the_top_rung_has_no_noisy_pair_the_one_below_tells() -> None:
    two = [(*curve, *[curve[-1]] * 6) if n < 1 else curve for n, curve in enumerate(NOISY)]
    assert noise(view_of(*two), RUNGS[:3]) == pytest.approx(EPSILON)


def test_what_was_not_measured_is_no_noise() -> None:
    assert noise(view_of((1.0, 2.0, None), (2.0, 1.0, 3.0)), RUNGS[:2]) == 0


@pytest.mark.parametrize(("distance", "unstable"), [(0.1, False), (0.27, False), (0.29, True)])
def test_trials_within_epsilon_in_the_rung_below_may_change_places(distance: float, unstable: bool) -> None:
    assert is_unstable(view_of(*NOISY, *swapping(distance)), RUNGS[:2]) is unstable


def test_the_ranking_of_an_empty_rung_or_of_one_trial_is_stable() -> None:
    assert not is_unstable(view_of((1.0,), (2.0,)), RUNGS[:2])
    assert not is_unstable(view_of((1.0,), (2.0, 1.0, 0.5)), RUNGS[:2])


def test_a_constraint_that_is_broken_later_is_no_noise() -> None:
    goal = Goal(World().goal.objectives, (Constraint.parse("size<=1"),))
    one = Trial(0, {}, "", 3, "paused", ({"loss": 1.0, "size": 0.0},) * 2 + ({"loss": 1.0, "size": 2.0},))
    other = Trial(1, {}, "", 3, "paused", ({"loss": 1.1, "size": 2.0},) * 2 + ({"loss": 1.1, "size": 0.0},))
    assert is_unstable(dataclasses.replace(view_of(), goal=goal, trials=(one, other)), RUNGS[:2])


def test_a_rung_that_was_ever_used_stays_open() -> None:
    stable = [(1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (3.0, 3.0, 3.0)]
    assert open_rungs(view_of(*stable), RUNGS) == (1, 3)
    assert open_rungs(view_of(*stable, until=9), RUNGS) == (1, 3, 9)
    assert open_rungs(view_of(*swapping(0.3)), RUNGS) == (1, 3, 9)
    assert open_rungs(view_of(), (1,)) == (1,)


def test_with_a_stable_ranking_no_trial_passes_the_second_rung_but_the_best_at_last() -> None:
    """Nine trials at 1, three of them at 3, and 24 levels more for the one that is taken to its end."""
    losses = [0.5, 0.9, 0.1, 0.3, 0.7, 0.2, 0.6, 0.8, 0.4]
    tuner = simulate(World(levels=27, measures=flat), PASHA(), Tuning(max_trials=9), searcher=Listed(losses))
    assert [trial.level for trial in tuner.view.trials] == [1, 1, 27, 3, 1, 3, 1, 1, 1]
    assert tuner.epochs == 9 + 3 * 2 + 24
    assert tuner.is_finishing


def turning(config: Config, level: int) -> dict[str, float]:
    """What is best up to level 2 is worst from level 3 on."""
    return {"loss": config["x"] if level < 3 else 1 - config["x"]}


def test_with_a_ranking_that_turns_the_ladder_grows_by_one_rung() -> None:
    """From level 3 to level 9 nothing changes any more, so that level 27 stays shut until the end."""
    losses = [0.5, 0.9, 0.1, 0.3, 0.7, 0.2, 0.6, 0.8, 0.4]
    tuner = simulate(World(levels=27, measures=turning), PASHA(), Tuning(max_trials=27), searcher=Listed(losses * 3))
    reached = sorted(trial.level for trial in tuner.view.trials)
    assert reached[-1] == 27
    assert 9 in reached[:-1]
    assert tuner.is_finishing


@given(st.lists(st.lists(st.floats(0, 9), min_size=3, max_size=27), max_size=6))
def test_open_rungs_are_a_beginning_of_the_ladder(curves: list[list[float]]) -> None:
    rungs = open_rungs(view_of(*curves), RUNGS)
    assert len(rungs) >= 2
    assert rungs == RUNGS[: len(rungs)]
