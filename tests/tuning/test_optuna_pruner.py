"""Pruners of Optuna's decide here what they decide there."""

import copy
import sys
from dataclasses import replace

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from optuna import pruners

from tests.tuning.searches import DEFAULT, LOSS, MIXED, some_trials
from vernal.base import ConfigError, MissingExtra
from vernal.space import Space, uniform
from vernal.tuning import (
    Begin,
    Book,
    Done,
    Goal,
    GoOn,
    Objective,
    OptunaPruner,
    RandomSearch,
    Scheduler,
    Trial,
    Tuner,
    Tuning,
    View,
    Wait,
)

LEVELS = 9
SPACE = Space({"x": uniform(0, 1)})
PRUNERS: dict[str, pruners.BasePruner] = {
    "median": pruners.MedianPruner(n_startup_trials=2),
    "percentile": pruners.PercentilePruner(30.0, n_startup_trials=2, n_warmup_steps=2),
    "halving": pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    "hyperband": pruners.HyperbandPruner(min_resource=1, max_resource=LEVELS, reduction_factor=3),
    "threshold": pruners.ThresholdPruner(upper=1.2),
    "none": pruners.NopPruner(),
}
every_pruner = pytest.mark.parametrize("pruner", PRUNERS.values(), ids=PRUNERS)


def curve(number: int) -> list[float]:
    """A noisy descent, another one for each trial."""
    rng = np.random.default_rng(number)
    return [float(1 / level + rng.normal(0.5, 0.3)) for level in range(1, LEVELS + 1)]


def levels_in_optuna(pruner: pruners.BasePruner, trials: int, sign: int) -> list[int]:
    """How far each trial is trained by Optuna's own loop."""
    study = optuna.create_study(
        study_name="vernal", direction="minimize" if sign == 1 else "maximize", pruner=copy.deepcopy(pruner)
    )
    reached = []
    for number in range(trials):
        trial = study.ask()
        for level, value in enumerate(curve(number), 1):
            trial.report(sign * value, level)
            if level == LEVELS:
                study.tell(trial, sign * value)
            elif trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        reached.append(level)
    return reached


def levels_here(scheduler: Scheduler, trials: int, sign: int, workers: int = 1) -> list[int]:
    goal = Goal((Objective("loss", higher_is_better=sign == -1),))
    view = View(SPACE, {"x": 0.5}, goal, levels=LEVELS)
    tuner = Tuner(view, Tuning(max_trials=trials), RandomSearch(), scheduler, Book(), elapsed=lambda: 0.0)
    running: list[tuple[int, int]] = []
    while not tuner.is_over:
        while len(running) < workers and (run := tuner.next()) is not None:
            running.append((run.number, run.until))
        number, until = running.pop(0)
        for level in range(tuner.view.trials[number].level + 1, until + 1):
            tuner.level(number, level, {"loss": sign * curve(number)[level - 1]}, 0.0)
        if until == LEVELS:
            tuner.complete(number, {"loss": sign * curve(number)[-1]}, 0.0)
        else:
            tuner.pause(number)
    return [trial.level for trial in tuner.view.trials]


@every_pruner
@pytest.mark.parametrize("sign", [1, -1])
def test_each_trial_is_trained_as_far_as_optuna_itself_would(pruner: pruners.BasePruner, sign: int) -> None:
    expected = levels_in_optuna(pruner, 10, sign)
    here = levels_here(OptunaPruner(pruner), 10, sign)
    assert [a for a, b in zip(here, expected, strict=True) if a != b] in ([], [LEVELS])  # The best one goes to its end.
    assert sum(a != b for a, b in zip(here, expected, strict=True)) <= 1


def test_the_comparison_above_compares_something() -> None:
    trained = {name: levels_in_optuna(pruner, 10, 1) for name, pruner in PRUNERS.items()}
    assert len({tuple(levels) for levels in trained.values()}) >= 5
    assert trained["none"] == [LEVELS] * 10


def test_several_workers_end_the_search_as_well() -> None:
    levels = levels_here(OptunaPruner(PRUNERS["median"]), 9, 1, workers=3)
    assert len(levels) == 9
    assert min(levels) < LEVELS == max(levels)


@every_pruner
@settings(max_examples=20, deadline=None)
@given(trials=some_trials(MIXED, ("loss",)))
def test_any_mix_of_trials_gives_a_move_and_the_same_view_the_same(
    pruner: pruners.BasePruner, trials: tuple[Trial, ...]
) -> None:
    view = View(MIXED, DEFAULT, LOSS, trials, levels=5)
    scheduler = OptunaPruner(pruner)
    move = scheduler.next(view)
    assert scheduler.next(view) == move
    if isinstance(move, GoOn):
        assert trials[move.number].status == "paused"
        assert trials[move.number].level < move.until <= 5


def test_when_nothing_goes_on_it_begins_or_waits_or_is_done() -> None:
    scheduler = OptunaPruner(pruners.ThresholdPruner(upper=1.0))
    pruned = Trial(0, {"x": 0.5}, "default", 1, "paused", ({"loss": 2.0},))
    view = View(SPACE, {"x": 0.5}, LOSS, (pruned,), levels=LEVELS)
    assert scheduler.next(view) == Begin(1)
    view = replace(view, may_begin=False)
    assert scheduler.next(view) == Done()
    assert scheduler.next(replace(view, trials=(pruned, Trial(1, {"x": 0.1}, "random", 1)))) == Wait()


def test_a_loss_that_could_not_be_measured_is_pruned() -> None:
    trial = Trial(0, {"x": 0.5}, "default", 1, "paused", ({"loss": None},))
    view = View(SPACE, {"x": 0.5}, LOSS, (trial,), levels=LEVELS, may_begin=False)
    assert OptunaPruner(pruners.ThresholdPruner(upper=1.0)).next(view) == Done()


def test_what_is_no_pruner_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"'median' is no pruner of Optuna's. Give an object such as `MedianPruner\(\)`"
    ):
        OptunaPruner("median")  # type: ignore[arg-type]


def test_without_optuna_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"pip install 'vernal\[tuning\]'"):
        OptunaPruner(PRUNERS["none"])
