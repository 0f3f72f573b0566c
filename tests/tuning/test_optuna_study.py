"""A search as Optuna sees it."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from optuna import samplers
from optuna.trial import FrozenTrial, TrialState

from tests.tuning.searches import DEFAULT, LOSS, MIXED, constrained, some_trials
from vernal.tuning import Constraint, Goal, Objective, Trial, View
from vernal.tuning.optuna_study import as_optuna, replayed, study_of

CONFIG: dict[str, Any] = {"optimizer": "SGD", "momentum": 0.3, "nesterov": 1, "lr": 0.01, "depth": 3, "width": 16}
GOAL = Goal(LOSS.objectives, (Constraint("size", 4.0), Constraint("recall", 0.5, at_most=False)))
VIEW = View(MIXED, DEFAULT, GOAL, levels=4)
CURVE = ({"loss": 3.0, "size": 5.0}, {"loss": None, "size": 5.0}, {"loss": 2.0, "size": 3.0})


def seen(status: Any, **facts: Any) -> FrozenTrial:
    return as_optuna(VIEW, Trial(0, CONFIG, "random", 4, status, CURVE, **facts))


def test_options_and_steps_go_by_their_place_and_all_else_as_it_is() -> None:
    params = seen("paused").params
    assert params == {"optimizer": 1, "momentum": 3, "nesterov": 3, "lr": 0.01, "depth": 3, "width": 16}


def test_a_complete_trial_has_its_value_and_by_how_much_it_keeps_each_bound() -> None:
    trial = seen("complete", final={"loss": 1.5, "size": 3.0, "recall": 0.25})
    assert trial.state == TrialState.COMPLETE
    assert trial.values == [1.5]
    assert [*trial.constraints.values()] == [-1.0, 0.25]
    assert trial.intermediate_values == {1: 3.0, 3: 2.0}


def test_a_paused_trial_is_pruned_with_what_was_measured() -> None:
    trial = seen("paused")
    assert trial.state == TrialState.PRUNED
    assert trial.intermediate_values == {1: 3.0, 3: 2.0}
    assert [*trial.constraints.values()] == [-1.0]  # The recall was not measured.


def test_a_running_trial_runs() -> None:
    trial = seen("running")
    assert trial.state == TrialState.RUNNING
    assert trial.intermediate_values == {1: 3.0, 3: 2.0}
    assert trial.constraints == {}


@pytest.mark.parametrize(
    ("status", "final"),
    [
        ("failed", None),
        ("complete", {"loss": None, "size": 1.0, "recall": 1.0}),
        ("complete", {"loss": math.inf, "size": 1.0, "recall": 1.0}),
        ("complete", {"loss": 1.0, "recall": 1.0}),
        ("complete", None),
    ],
)
def test_what_came_to_nothing_is_as_bad_as_can_be(status: str, final: dict[str, float] | None) -> None:
    """A complete trial without measures at the end is judged by its last level, where the recall is missing."""
    trial = seen(status, final=final)
    assert trial.state == TrialState.PRUNED
    assert trial.intermediate_values == {}
    assert [*trial.constraints.values()] == [math.inf, math.inf]


@pytest.mark.parametrize("config", [{}, {"lr": 77.0}, {**CONFIG, "optimizer": "Adam"}, {**CONFIG, "momentum": 0.35}])
def test_what_is_not_in_the_space_is_not_looked_at(config: dict[str, Any]) -> None:
    trial = as_optuna(VIEW, Trial(0, config, "random", 4, "paused", CURVE))
    assert trial.state == TrialState.FAIL
    assert trial.params == {}


def test_several_objectives_have_their_directions_and_no_curves() -> None:
    goal = Goal((*LOSS.objectives, Objective("recall", higher_is_better=True)))
    trial = Trial(0, CONFIG, "random", 4, "complete", CURVE, final={"loss": 1.5, "recall": 0.25})
    study = study_of(replace(VIEW, goal=goal, trials=(trial,)), samplers.RandomSampler())
    assert [direction.name for direction in study.directions] == ["MINIMIZE", "MAXIMIZE"]
    assert study.trials[0].values == [1.5, 0.25]
    assert study.trials[0].intermediate_values == {}


@pytest.mark.parametrize("objectives", [("loss",), ("loss", "recall")])
@settings(max_examples=25, deadline=None)
@given(trials=some_trials(MIXED, ("loss", "recall", "size")))
def test_a_replayed_study_knows_what_one_that_was_told_knows(
    objectives: tuple[str, ...], trials: tuple[Trial, ...]
) -> None:
    view = View(MIXED, DEFAULT, constrained(*objectives), trials, levels=4)
    told, asked = study_of(view, samplers.RandomSampler()), replayed(view, samplers.NSGAIISampler(population_size=2))
    for one, other in zip(told.trials, asked.trials, strict=True):
        assert (one.state, one.params, one.distributions) == (other.state, other.params, other.distributions)
        assert (one.intermediate_values, one.constraints) == (other.intermediate_values, other.constraints)
        if one.state == TrialState.COMPLETE:
            assert one.values == other.values
