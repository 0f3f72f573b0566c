"""What is known afterwards: the cheapest updates, and what freshness is worth."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tests.backtest.histories import HOUR, backtest, plan, policies, policy, stream, written
from vernal.backtest import Backtest, Hindsight, History, Lives, look_back
from vernal.loop import SCRATCH
from vernal.triggers import Rows


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    chosen = {name: policies()[name] for name in ("never", "scratch", "every other")}
    chosen["seldom"] = policy(Rows(120), learn=SCRATCH)
    return backtest(tmp_path_factory.mktemp("hindsight"), stream(), chosen)


@pytest.fixture(scope="module")
def lives(replayed: Backtest) -> Lives:
    return replayed.run()


@pytest.fixture(scope="module")
def hindsight(replayed: Backtest, lives: Lives) -> Hindsight:
    return look_back(replayed, lives)


def test_models_that_policies_have_trained_are_not_trained_again(replayed: Backtest, lives: Lives) -> None:
    trained = lives.shared.trained
    look_back(replayed, lives)
    assert lives.shared.trained == trained == 6


def test_every_model_is_tested_on_every_later_chunk(hindsight: Hindsight) -> None:
    assert [*hindsight.trained] == [0, 1, 2, 3, 4]
    later = np.triu(np.ones((6, 6), bool), 1)
    assert (np.isfinite(hindsight.errors) == later).all()
    assert len(hindsight.points) == 15


def test_the_errors_are_those_of_the_policy_that_trained_the_model(hindsight: Hindsight, lives: Lives) -> None:
    for one in lives.courses["scratch"].chunks:
        assert hindsight.errors[one.number - 1, one.number] == one.error


@pytest.mark.parametrize("price", [0.0, 1.0, 10.0, 100.0])
def test_no_policy_from_scratch_is_cheaper_than_the_oracle(hindsight: Hindsight, lives: Lives, price: float) -> None:
    _, least = hindsight.cheapest(price)
    for course in lives.courses.values():
        assert least <= course.cost(price) + 1e-9


@pytest.mark.parametrize("price", [1.0, 10.0])
def test_the_oracle_is_the_cheapest_of_all_plans(hindsight: Hindsight, price: float) -> None:
    def cost(updates: tuple[int, ...]) -> float:
        models = [max([0, *(at for at in updates if at < chunk)]) for chunk in range(1, 6)]
        errors = [hindsight.errors[model, chunk] for chunk, model in enumerate(models, start=1)]
        return float(np.dot(errors, hindsight.rows[1:]) + price * len(updates))

    plans = [plan for n in range(5) for plan in combinations(range(1, 5), n)]
    times, least = hindsight.cheapest(price)
    assert least == pytest.approx(min(map(cost, plans))) == pytest.approx(cost(times))


def test_ages_are_days_from_the_end_of_training_to_the_end_of_the_chunk(hindsight: Hindsight) -> None:
    ages = {round(age * 24) for age, _, _ in hindsight.points}
    assert ages == {40, 80, 120, 160, 200}


def test_a_few_models_are_spread_over_the_history(replayed: Backtest, lives: Lives) -> None:
    assert [*look_back(replayed, lives, models=3).trained] == [0, 2, 4]


def test_without_drift_the_curve_is_flat_and_nothing_is_recommended(tmp_path: Path) -> None:
    still = backtest(tmp_path, stream(degrees=0.0, rows=400), {"never": policies()["never"]}, every=80)
    hindsight = look_back(still, still.run())
    assert hindsight.curve().flat
    assert hindsight.recommendation(10.0).days is None


def test_on_a_turning_line_freshness_is_worth_about_half_the_angle_over_pi(tmp_path: Path) -> None:
    """A perfect model aged a errs wa/π.

    One from scratch learns all angles since the beginning, so its line lies in their middle, and half as much counts.
    """
    degrees_a_row = 0.15
    past = History([written(tmp_path, stream(rows=720, degrees=degrees_a_row))], id="id")
    turning = Backtest(plan("20ep"), past, 120, {"never": policies()["never"]}, tmp_path / "models")
    curve = look_back(turning, turning.run()).curve()
    expected = math.radians(degrees_a_row) * (86400 / HOUR) / math.pi / 2
    assert not curve.flat
    assert 0.5 * expected < curve.slope < 1.5 * expected


def test_the_loss_of_a_regression_is_what_the_oracle_counts(tmp_path: Path) -> None:
    chosen = {name: policies()[name] for name in ("never", "scratch")}
    past = History([written(tmp_path, stream())], id="id")
    replayed = Backtest(plan(target="place"), past, 40, chosen, tmp_path / "models")
    lives = replayed.run()
    _, least = look_back(replayed, lives).cheapest(5.0)
    assert 0 < least <= min(course.cost(5.0) for course in lives.courses.values()) + 1e-9
