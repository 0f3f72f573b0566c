"""What matters is said to matter."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import optuna.importance  # noqa: F401  # It imports scikit-learn if that is there, which sets environment variables.
import pytest
from hypothesis import given, settings

from tests.tuning.searches import DEFAULT, LOSS, MIXED, constrained, some_trials
from vernal.space import Space, choice, loguniform, randint, uniform
from vernal.tuning import Goal, Objective, Trial, View, importance

SPACE = Space({"idle": uniform(0, 1), "lr": loguniform(1e-4, 1), "depth": randint(1, 9), "kind": choice("a", "b")})


def view_of(measure: Callable[[Mapping[str, float]], float], count: int, goal: Goal = LOSS) -> View:
    rng = np.random.default_rng(0)
    trials = []
    for number in range(count):
        config = SPACE.sample(rng)
        final = {goal.objective.name: measure(config)}
        trials.append(Trial(number, config, "random", 1, "complete", (final,), final=final))
    return View(SPACE, SPACE.default({}), goal, tuple(trials), levels=1)


@pytest.mark.law
@pytest.mark.parametrize("higher_is_better", [False, True])
def test_what_decides_the_loss_has_the_largest_share(higher_is_better: bool) -> None:
    """Only the learning rate matters; of 60 random trials, chance correlations leave each other name below a fifth."""
    goal = Goal((Objective("score", higher_is_better),))
    sign = -1 if higher_is_better else 1
    shares = importance(view_of(lambda config: sign * abs(np.log10(config["lr"]) + 2), 60, goal))
    assert [*shares][0] == "lr"
    assert shares["lr"] > 0.6
    assert max(share for name, share in shares.items() if name != "lr") < 0.2
    assert sum(shares.values()) == pytest.approx(1)


def test_it_is_the_same_each_time_and_the_largest_comes_first() -> None:
    view = view_of(lambda config: config["idle"] + config["depth"], 20)
    shares = importance(view)
    assert shares == importance(replace(view, seed=5))
    assert [*shares.values()] == sorted(shares.values(), reverse=True)
    assert shares.keys() == SPACE.keys()


def test_too_few_trials_or_equal_ones_say_nothing() -> None:
    assert importance(view_of(lambda config: config["lr"], 7)) == {}
    assert importance(view_of(lambda config: config["lr"], 8)) != {}
    assert importance(view_of(lambda config: 1.0, 30)) == {}
    assert importance(View(SPACE, {}, LOSS)) == {}


def test_paused_trials_are_compared_where_few_are_complete() -> None:
    view = view_of(lambda config: abs(np.log10(config["lr"]) + 2), 40)
    paused = tuple(replace(trial, status="paused", final=None) for trial in view.trials)
    assert importance(replace(view, trials=paused, levels=9)) == importance(view)


@settings(max_examples=25, deadline=None)
@given(some_trials(MIXED, ("loss", "recall", "size"), most=30))
def test_any_mix_of_trials_gives_shares_or_nothing(trials: tuple[Trial, ...]) -> None:
    shares = importance(View(MIXED, DEFAULT, constrained("loss", "recall"), trials, levels=4))
    assert not shares or sum(shares.values()) == pytest.approx(1)
    assert shares.keys() <= MIXED.keys()
