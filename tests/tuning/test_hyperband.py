"""Hyperband: brackets as in the paper, and a whole search by hand."""

from __future__ import annotations

import dataclasses

import pytest

from tests.tuning.simulate import Listed, World, flat, simulate
from vernal.tuning import Begin, Done, GoOn, Hyperband, Trial, Tuning, View, Wait
from vernal.tuning.hyperband import brackets_of


def view_of(*trials: Trial, may_begin: bool = False) -> View:
    return dataclasses.replace(World().view, trials=trials, may_begin=may_begin)


def paused(number: int, *losses: float | None) -> Trial:
    return Trial(number, {}, "", len(losses), "paused", tuple({"loss": loss} for loss in losses))


def test_the_brackets_for_81_are_those_of_the_papers_table() -> None:
    """Li et al., table 1: 81, 34, 15, 8 and 5 configurations, from 1, 3, 9, 27 and 81 on."""
    brackets = [(bracket.trials, bracket.rungs[0]) for bracket in brackets_of(81, 3, 1)]
    assert brackets == [(81, 1), (34, 3), (15, 9), (8, 27), (5, 81)]


def test_rungs_are_counted_down_from_the_end_of_the_training() -> None:
    assert [bracket.rungs for bracket in brackets_of(10, 3, 1)] == [[1, 3, 10], [3, 10], [10]]
    assert [bracket.rungs for bracket in brackets_of(10, 3, 4)] == [[10]]
    assert [bracket.rungs for bracket in brackets_of(1, 3, 1)] == [[1]]


def test_a_whole_round_trains_what_the_paper_says() -> None:
    """Nine levels: 9 trials at 1, 3 at 3, 1 at 9; then 5 at 3, 1 at 9; then 3 at 9. Lower numbers are better."""
    tuner = simulate(
        World(measures=flat), Hyperband(), Tuning(max_trials=17), searcher=Listed([n / 100 for n in range(17)])
    )
    first, second, third = [9, 3, 3, *[1] * 6], [9, 3, 3, 3, 3], [9, 9, 9]
    assert [trial.level for trial in tuner.view.trials] == first + second + third
    assert tuner.epochs == 21 + 21 + 27


def test_a_bracket_that_is_cut_short_takes_its_best_to_the_end() -> None:
    """Five of nine trials: one is promoted, and promoted again."""
    tuner = simulate(
        World(measures=flat), Hyperband(), Tuning(max_trials=5), searcher=Listed([0.5, 0.4, 0.1, 0.3, 0.2])
    )
    assert [trial.level for trial in tuner.view.trials] == [1, 1, 9, 1, 1]
    assert not tuner.is_finishing


def test_nothing_is_promoted_before_all_have_arrived() -> None:
    running = Trial(2, {}, "", 1)
    assert Hyperband().next(view_of(paused(0, 0.1), paused(1, 0.2), running)) == Wait()


def test_a_failed_trial_has_arrived_and_is_not_replaced_where_it_was_promoted() -> None:
    failed_at_once = Trial(2, {}, "", 1, "failed")
    assert Hyperband().next(view_of(paused(0, 0.2), paused(1, 0.1), failed_at_once)) == GoOn(1, 3)
    failed_later = dataclasses.replace(paused(1, 0.1), status="failed", until=3)
    assert Hyperband().next(view_of(paused(0, 0.2), failed_later, failed_at_once)) == Done()


def test_what_was_not_measured_is_not_promoted() -> None:
    assert Hyperband().next(view_of(paused(0, None), paused(1, None))) == Done()


def test_a_trial_that_is_complete_early_stands_at_all_later_rungs() -> None:
    ended = dataclasses.replace(paused(0, 0.1), status="complete", final={"loss": 0.1})
    others = [paused(n, 0.1 + n) for n in range(1, 9)]
    view = view_of(ended, *others)
    assert Hyperband().next(view) == GoOn(1, 3)
    promoted = [paused(n, 0.1 + n, 0.1 + n, 0.1 + n) for n in (1, 2)]
    assert Hyperband().next(view_of(ended, *promoted, *others[2:])) == Done()


def test_after_the_last_bracket_the_first_comes_again() -> None:
    ended = [Trial(n, {}, "", 9, "failed") for n in range(17)]
    assert Hyperband().next(view_of(*ended, may_begin=True)) == Begin(1)
    assert Hyperband().next(view_of(*ended[:14], may_begin=True)) == Begin(9)


@pytest.mark.parametrize("eta", [1.5, 2, 3, 4, 10])
@pytest.mark.parametrize("levels", [1, 2, 7, 27, 100])
def test_every_bracket_climbs_to_the_end(levels: int, eta: float) -> None:
    for bracket in brackets_of(levels, eta, 1):
        assert bracket.trials >= 1
        assert bracket.rungs[-1] == levels
        assert [*bracket.rungs] == sorted({*bracket.rungs})
