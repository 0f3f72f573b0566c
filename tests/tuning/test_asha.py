"""ASHA: the numbers of the paper, by hand."""

from __future__ import annotations

import dataclasses

import pytest

from tests.tuning.simulate import Listed, MortalBook, World, flat, simulate
from vernal import ConfigError
from vernal.tuning import ASHA, Begin, Constraint, Done, Goal, GoOn, Trial, Tuner, Tuning, View, Wait
from vernal.tuning.asha import rungs_of

#     trial   0    1    2    3    4    5    6    7    8
LOSSES = (0.5, 0.9, 0.1, 0.3, 0.7, 0.2, 0.6, 0.8, 0.4)


class Noted(MortalBook):
    """A book that remembers what was decided: trial and level."""

    def __init__(self) -> None:
        super().__init__()
        self.decisions: list[tuple[int, int]] = []

    def write(self, kind: str, trial: int, seconds: float, **facts: object) -> None:
        super().write(kind, trial, seconds, **facts)
        if "until" in facts:
            self.decisions.append((trial, facts["until"]))  # type: ignore[arg-type]


def searched(world: World, trials: int = 9, **others: object) -> tuple[Tuner, list[tuple[int, int]]]:
    book = Noted()
    tuner = simulate(world, ASHA(), Tuning(max_trials=trials), searcher=Listed(LOSSES), book=book, **others)
    return tuner, book.decisions


def view_of(*trials: Trial, levels: int = 27, may_begin: bool = True) -> View:
    return dataclasses.replace(World(levels=levels).view, trials=trials, may_begin=may_begin)


def paused(number: int, *losses: float | None) -> Trial:
    return Trial(number, {}, "", len(losses), "paused", tuple({"loss": loss} for loss in losses))


def test_one_worker_decides_as_by_hand() -> None:
    """Rungs 1, 3, 9. After 3, 6 and 9 trials, one, two and three may have left the first rung, after 3 one the next."""
    tuner, decisions = searched(World(measures=flat))
    first = [(0, 1), (1, 1), (2, 1), (2, 3)]
    second = [(3, 1), (4, 1), (5, 1), (5, 3)]
    third = [(6, 1), (7, 1), (8, 1), (3, 3), (2, 9)]
    assert decisions == first + second + third
    assert tuner.epochs == 9 * 1 + 3 * 2 + 1 * 6


def test_where_no_trial_gets_to_the_top_the_best_of_the_highest_rung_is_taken_there() -> None:
    """Of three trials one leaves the first rung, and stands alone in the next."""
    tuner, decisions = searched(World(levels=27, measures=flat), trials=3)
    assert decisions == [(0, 1), (1, 1), (2, 1), (2, 3), (2, 27)]
    assert [trial.status for trial in tuner.view.trials] == ["paused", "paused", "complete"]


def test_a_promotion_from_a_high_rung_comes_before_one_from_a_low_rung() -> None:
    high = [paused(n, loss, loss, loss) for n, loss in enumerate((0.1, 0.2, 0.3))]
    low = [paused(n, 0.0) for n in (3, 4, 5)]
    assert ASHA().next(view_of(*high, *low)) == GoOn(0, 9)
    assert ASHA().next(view_of(*high[1:], *low)) == GoOn(3, 3)


def test_a_promoted_trial_that_failed_has_spent_its_promotion() -> None:
    failed = dataclasses.replace(paused(0, 0.1), status="failed")
    assert ASHA().next(view_of(failed, paused(1, 0.2), paused(2, 0.3))) == Begin(1)


def test_a_trial_that_is_complete_early_counts_at_every_rung() -> None:
    """Three stand at level 3, one of them for ever; so the best of the others may leave, if it is the best of all."""
    ended = dataclasses.replace(paused(0, 0.5, 0.5), status="complete", final={"loss": 0.5})
    good, bad = paused(1, 0.3, 0.3, 0.3), paused(2, 0.7, 0.7, 0.7)
    assert ASHA().next(view_of(ended, good, bad, may_begin=False)) == GoOn(1, 9)
    better = dataclasses.replace(ended, final={"loss": 0.1})
    assert ASHA().next(view_of(better, good, bad, may_begin=False)) == Done()


def test_feasible_trials_are_promoted_before_better_infeasible_ones() -> None:
    goal = Goal(World().goal.objectives, (Constraint.parse("size<=1"),))
    trials = [
        Trial(n, {}, "", 1, "paused", ({"loss": loss, "size": size},))
        for n, (loss, size) in enumerate([(0.1, 2.0), (0.5, 1.0), (0.2, 3.0)])
    ]
    assert ASHA().next(dataclasses.replace(view_of(*trials), goal=goal)) == GoOn(1, 3)


def test_it_waits_for_what_runs_and_is_done_when_nothing_does() -> None:
    running = Trial(0, {}, "", 1)
    assert ASHA().next(view_of(running, may_begin=False)) == Wait()
    assert ASHA().next(view_of(paused(0, 0.1), may_begin=False)) == Done()


def test_a_tenth_more_than_one_is_a_reduction_factor_that_divides_exactly() -> None:
    """33 / 1.1 is 29.999999999999996 in floating point, and 30 trials of 33 may leave."""
    left = [dataclasses.replace(paused(n, float(n)), status="failed") for n in range(29)]
    waiting = [paused(n, float(n)) for n in range(29, 33)]
    assert ASHA(eta=1.1).next(view_of(*left, *waiting, levels=2)) == GoOn(29, 2)


@pytest.mark.parametrize(
    ("levels", "eta", "first", "rungs"),
    [
        (27, 3, 1, [1, 3, 9, 27]),
        (81, 3, 1, [1, 3, 9, 27, 81]),
        (100, 4, 1, [1, 4, 16, 64, 100]),
        (16, 2.5, 1, [1, 2, 6, 16]),
        (5, 1.2, 1, [1, 2, 3, 4, 5]),
        (2, 3, 5, [2]),
        (1, 3, 1, [1]),
    ],
)
def test_rungs_grow_by_the_reduction_factor_and_end_with_the_training(
    levels: int, eta: float, first: int, rungs: list[int]
) -> None:
    assert rungs_of(levels, eta, first) == rungs


@pytest.mark.parametrize(
    ("options", "text"), [({"eta": 1}, "`eta` must be above 1, got 1"), ({"first": 0}, "`first` must be")]
)
def test_what_is_no_ladder_is_refused(options: dict[str, float], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        ASHA(**options)  # type: ignore[arg-type]
