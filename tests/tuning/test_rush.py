"""RUSH: the bar that earlier updates set, by hand."""

from __future__ import annotations

import dataclasses

import pytest

from tests.tuning.simulate import Listed, World, flat, simulate
from vernal.tuning import ASHA, RUSH, Begin, GoOn, Move, Trial, Tuning, View

BASELINE = "update 1a2b3c4d5e6f"


def view_of(*trials: Trial) -> View:
    return dataclasses.replace(World().view, trials=trials)


def moves(view: View) -> tuple[Move, Move]:
    return RUSH().next(view), ASHA().next(view)


def paused(number: int, loss: float, origin: str = "random") -> Trial:
    return Trial(number, {}, origin, 1, "paused", ({"loss": loss},))


def left(trial: Trial) -> Trial:
    """Promoted, and failed on its way."""
    return dataclasses.replace(trial, status="failed")


def test_what_falls_below_the_best_baseline_is_not_promoted() -> None:
    """Two of six may leave the rung. The baseline has; the next best is worse, and stays."""
    trials = [left(paused(0, 0.3, BASELINE)), *(paused(n, 0.3 + n / 10) for n in range(1, 6))]
    assert moves(view_of(*trials)) == (Begin(1), GoOn(1, 3))


@pytest.mark.parametrize("loss", [0.3, 0.2])
def test_what_is_as_good_as_the_best_baseline_is_promoted(loss: float) -> None:
    trials = [left(paused(0, 0.3, BASELINE)), paused(1, loss), *(paused(n, 0.9) for n in range(2, 6))]
    assert moves(view_of(*trials)) == (GoOn(1, 3), GoOn(1, 3))


def test_a_baseline_is_promoted_as_asha_does_it_though_another_is_better() -> None:
    trials = [
        left(paused(0, 0.1, BASELINE)), paused(1, 0.2, BASELINE), *(paused(n, 0.9) for n in range(2, 6)),
    ]  # fmt: skip
    assert moves(view_of(*trials)) == (GoOn(1, 3), GoOn(1, 3))


def test_being_above_the_bar_is_not_enough() -> None:
    """The better of two is the one of three that leaves, and has left."""
    assert moves(view_of(left(paused(0, 0.1)), paused(1, 0.2), paused(2, 0.3, BASELINE))) == (Begin(1), Begin(1))


def test_a_rung_that_no_baseline_has_reached_has_no_bar() -> None:
    high = [Trial(n, {}, "random", 3, "paused", ({"loss": 0.1 + n},) * 3) for n in range(3)]
    assert RUSH().next(view_of(*high, paused(3, 9.0, BASELINE))) == GoOn(0, 9)


def test_only_configurations_of_earlier_updates_are_baselines() -> None:
    trials = [left(paused(0, 0.3, "box, 2 updates")), *(paused(n, 0.3 + n / 10) for n in range(1, 6))]
    assert moves(view_of(*trials)) == (GoOn(1, 3), GoOn(1, 3))


def test_without_baselines_it_is_asha() -> None:
    losses = [0.5, 0.9, 0.1, 0.3, 0.7, 0.2, 0.6, 0.8, 0.4]
    one, other = (
        simulate(World(measures=flat), kind(), Tuning(max_trials=9), searcher=Listed(losses)) for kind in (RUSH, ASHA)
    )
    assert one.view.trials == other.view.trials


def test_with_a_good_baseline_fewer_epochs_are_spent() -> None:
    losses = [0.1, 0.9, 0.5, 0.3, 0.7, 0.2, 0.6, 0.8, 0.4]
    searcher = Listed(losses, {0: BASELINE})
    rush, asha = (
        simulate(World(measures=flat), kind(), Tuning(max_trials=9), searcher=searcher) for kind in (RUSH, ASHA)
    )
    assert rush.best() == asha.best()
    assert (rush.epochs, asha.epochs) == (9 + 8, 9 + 3 * 2 + 6)
