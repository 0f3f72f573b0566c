"""Searchers by Optuna: they find what is good, and are functions of the view."""

import logging
import sys
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna import samplers

from tests.tuning.searches import DEFAULT, LOSS, MIXED, constrained, search, some_trials
from vernal.base import ConfigError, MissingExtra
from vernal.space import Space, choice, lograndint, loguniform, randint, uniform
from vernal.tuning import (
    BO,
    NSGA2,
    TPE,
    Book,
    Constraint,
    Full,
    Goal,
    Objective,
    OptunaSearcher,
    RandomSearch,
    Searcher,
    Trial,
    Tuner,
    Tuning,
    View,
    pareto,
)

SQUARE = Space({"x": uniform(-5, 5), "y": uniform(-5, 5)})
SEARCHERS: dict[str, Searcher] = {
    "tpe": TPE(startup=3),
    "bo": BO(startup=3),
    "nsga2": NSGA2(population=3),
    "random": OptunaSearcher(samplers.RandomSampler()),
    "optuna tpe": OptunaSearcher(samplers.TPESampler(n_startup_trials=3)),
    "optuna nsga2": OptunaSearcher(samplers.NSGAIISampler(population_size=3)),
}
searchers = pytest.mark.parametrize("searcher", SEARCHERS.values(), ids=SEARCHERS)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def square(config: Mapping[str, float]) -> dict[str, float]:
    return {"loss": (config["x"] - 2) ** 2 + (config["y"] + 1) ** 2}


def start(seed: int = 0, goal: Goal = LOSS, space: Space = SQUARE) -> View:
    return View(space, space.default({}), goal, seed=seed)


def best(view: View) -> float:
    return min(view.goal.objective.loss(trial.final) for trial in view.trials if view.goal.is_feasible(trial))


@searchers
def test_the_first_suggestion_is_the_default(searcher: Searcher) -> None:
    suggested = searcher.suggest(View(MIXED, DEFAULT, LOSS))
    assert suggested.config == DEFAULT
    assert suggested.origin == "default"


def test_the_origin_says_who_suggests() -> None:
    view = replace(start(), trials=(Trial(0, {"x": 0.0, "y": 0.0}, "default", 1),))
    assert [searcher.suggest(view).origin for searcher in SEARCHERS.values()] == [
        "tpe", "bo", "nsga2", "RandomSampler", "TPESampler", "NSGAIISampler",
    ]  # fmt: skip


@pytest.mark.law
def test_tpe_finds_the_optimum_of_a_quadratic_better_than_chance() -> None:
    """30 trials, 20 seeds each: by chance TPE would win 10 +- 2.2 of the pairs; it must win 15, 2.2 deviations more."""
    found = [[best(search(one, start(seed), square, 30)) for seed in range(20)] for one in (TPE(), RandomSearch())]
    assert sum(np.less(*found)) >= 15
    assert np.median(found[0]) < np.median(found[1])


@pytest.mark.law
def test_bo_finds_the_optimum_of_a_quadratic_where_random_search_does_not() -> None:
    """12 trials, 3 seeds. A Gaussian process needs few points for a parabola; of 12 random points in a square of side
    10 the best has a squared distance of 100 / (13 pi) = 2.4 on average."""
    assert np.mean([best(search(BO(startup=6), start(seed), square, 12)) for seed in range(3)]) < 0.3


@pytest.mark.parametrize("searcher", [TPE(startup=3), BO(startup=3), NSGA2(population=3)])
def test_what_is_higher_the_better_is_searched_as_its_opposite_is(searcher: Searcher) -> None:
    def accuracy(config: Mapping[str, float]) -> dict[str, float]:
        return {"accuracy": -square(config)["loss"]}

    goal = Goal((Objective("accuracy", higher_is_better=True),))
    up, down = search(searcher, start(goal=goal), accuracy, 8), search(searcher, start(), square, 8)
    assert [trial.config for trial in up.trials] == [trial.config for trial in down.trials]


@pytest.mark.law
@pytest.mark.parametrize("searcher", [TPE(), BO()])
def test_a_constraint_moves_the_optimum_to_its_border(searcher: Searcher) -> None:
    """(x - 2)^2 + (y + 1)^2 under x <= 0 is 4 at best, at (0, -1)."""

    def measure(config: Mapping[str, float]) -> dict[str, float]:
        return {**square(config), "x": config["x"]}

    goal = Goal(LOSS.objectives, (Constraint("x", 0.0),))
    n = 18 if isinstance(searcher, BO) else 60
    view = search(searcher, start(1, goal), measure, n)
    assert 4 <= best(view) < 5
    assert sum(map(goal.is_feasible, view.trials[n // 2 :])) > n // 6  # A quarter would be half by chance.


@pytest.mark.law
def test_nsga2_spreads_over_the_pareto_set_more_than_chance() -> None:
    """x in [0, 5] is the Pareto set of x^2 and (x - 5)^2 with y = 0; 60 trials, 3 seeds, by the mean of |y|."""
    goal = Goal((Objective("a", False), Objective("b", False)))

    def measure(config: Mapping[str, float]) -> dict[str, float]:
        x, y = config["x"], config["y"]
        return {"a": x**2 + y**2, "b": (x - 5) ** 2 + y**2}

    def off(searcher: Searcher, seed: int) -> float:
        view = search(searcher, start(seed, goal), measure, 60)
        assert len(pareto(view.trials, goal)) >= 3
        return float(np.mean([abs(trial.config["y"]) for trial in view.trials[-20:]]))

    assert np.mean([off(NSGA2(), s) for s in range(3)]) < 0.7 * np.mean([off(RandomSearch(), s) for s in range(3)])


@searchers
@quick
@given(trials=some_trials(MIXED, ("loss", "size")), seed=st.integers(0, 99))
def test_any_mix_of_trials_gives_a_configuration_and_the_same_view_the_same(
    searcher: Searcher, trials: tuple[Trial, ...], seed: int
) -> None:
    view = View(MIXED, DEFAULT, constrained("loss"), trials, levels=4, seed=seed)
    suggested = searcher.suggest(view)
    assert MIXED.holds(suggested.config)
    assert searcher.suggest(view) == suggested


@pytest.mark.parametrize("name", ["tpe", "bo", "nsga2", "random", "optuna nsga2"])
@quick
@given(trials=some_trials(MIXED, ("loss", "recall", "size")))
def test_several_objectives_may_be_measured_or_not(name: str, trials: tuple[Trial, ...]) -> None:
    view = View(MIXED, DEFAULT, constrained("loss", "recall"), trials, levels=4)
    assert MIXED.holds(SEARCHERS[name].suggest(view).config)


@searchers
def test_another_seed_or_another_trial_gives_another_suggestion(searcher: Searcher) -> None:
    view = search(searcher, start(), square, 6)
    suggested = {tuple(one.suggest(v).config.values()) for one in [searcher] for v in (view, replace(view, seed=1))}
    later = replace(view, trials=(*view.trials, replace(view.trials[-1], number=6)))
    assert len(suggested | {tuple(searcher.suggest(later).config.values())}) == 3


@searchers
def test_conditions_decide_what_is_suggested(searcher: Searcher) -> None:
    view = search(searcher, View(MIXED, DEFAULT, LOSS), lambda config: {"loss": config["lr"]}, 14)
    assert len({trial.config["optimizer"] for trial in view.trials}) > 1
    for trial in view.trials:
        assert ("momentum" in trial.config) == (trial.config["optimizer"] == "SGD")
        assert ("width" in trial.config) == (trial.config["depth"] > 1)


@pytest.mark.law
def test_options_that_are_equal_to_python_are_told_apart() -> None:
    """True is best, and 1, which equals it, is worst: of the last 20 of 50 trials, more than half take True."""
    space = Space({"flag": choice(0, False, 1, True), "betas": choice((0.5, 0.9), (0.9, 0.5))})

    def measure(config: Mapping[str, float]) -> dict[str, float]:
        return {"loss": {"0": 2.0, "False": 1.0, "1": 3.0, "True": 0.0}[repr(config["flag"])]}

    view = search(TPE(), start(space=space), measure, 50)
    assert sum(trial.config["flag"] is True for trial in view.trials[-20:]) > 10
    assert {type(trial.config["betas"]) for trial in view.trials} == {tuple}


@pytest.mark.parametrize("searcher", [TPE(startup=3), BO(startup=3), NSGA2(population=3)])
def test_a_search_restarted_after_any_trial_goes_on_alike(searcher: Searcher, tmp_path: Path) -> None:
    """Cut points: after each event of the book, by reading a shorter book."""
    view = View(SQUARE, SQUARE.default({}), LOSS, levels=1)

    def tuner(path: Path) -> Tuner:
        return Tuner(view, Tuning(max_trials=5), searcher, Full(), Book(path), elapsed=lambda: 0.0)

    def finish(path: Path) -> list[Mapping[str, float]]:
        one = tuner(path)
        while not one.is_over:
            run = one.next()
            assert run is not None
            if not one.view.trials[run.number].curve:
                one.level(run.number, 1, square(run.config), 0.0)
            one.complete(run.number, square(run.config), 0.0)
        return [trial.config for trial in one.view.trials]

    whole = finish(tmp_path / "whole")
    lines = (tmp_path / "whole").read_bytes().splitlines(keepends=True)
    assert len(lines) == 15
    for cut in range(0, len(lines), 2):
        part = tmp_path / str(cut)
        part.write_bytes(b"".join(lines[:cut]))
        assert finish(part) == whole


def test_running_trials_keep_workers_apart() -> None:
    """Where three optima have been found at the same place, one that is running there makes TPE look elsewhere."""
    view = search(TPE(), start(3), square, 25)
    near = [TPE().suggest(replace(view, seed=seed)).config for seed in range(10)]
    running = tuple(Trial(25 + n, config, "tpe", 1) for n, config in enumerate(near))
    again = [TPE().suggest(replace(view, trials=view.trials + running, seed=seed)).config for seed in range(10)]

    def distance(config: Mapping[str, float]) -> float:
        return min(abs(config["x"] - one["x"]) + abs(config["y"] - one["y"]) for one in near)

    assert np.mean([distance(config) for config in again]) > 0.1


def test_paused_trials_count_by_what_they_reached() -> None:
    """No trial is complete, and x < 0 is good at level 1: most suggestions of TPE and BO lie there."""
    rng = np.random.default_rng(0)
    points = [SQUARE.sample(rng) for _ in range(30)]
    trials = tuple(Trial(n, p, "", 1, "paused", ({"loss": abs(p["x"] + 3)},)) for n, p in enumerate(points))
    for searcher in (TPE(), BO()):
        views = [replace(start(seed), trials=trials, levels=9) for seed in range(6)]
        assert sum(searcher.suggest(view).config["x"] < -1 for view in views) >= 5


def test_what_fails_is_avoided() -> None:
    """All trials with x > 0 fail, the others are equally good."""
    rng = np.random.default_rng(0)
    points = [SQUARE.sample(rng) for _ in range(40)]
    trials = tuple(
        Trial(n, p, "", 1, "failed", ({"loss": -9.0},), error="out of memory")
        if p["x"] > 0
        else Trial(n, p, "", 1, "complete", ({"loss": 1.0},), final={"loss": 1.0 + p["y"] / 100})
        for n, p in enumerate(points)
    )
    views = [replace(start(seed), trials=trials) for seed in range(10)]
    assert sum(TPE().suggest(view).config["x"] < 0.5 for view in views) >= 9


def test_a_sampler_of_the_users_is_never_changed_and_needs_no_seed() -> None:
    sampler = samplers.RandomSampler()
    view = search(OptunaSearcher(sampler), start(), square, 4)
    assert search(OptunaSearcher(samplers.RandomSampler(seed=7)), start(), square, 4) == view


def test_a_sampler_that_counts_on_the_study_goes_on_counting() -> None:
    """A Sobol sequence covers each of 16 equal intervals once in 16 points. The first trial is the default, and the
    second one tells the sampler which ranges there are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        searcher = OptunaSearcher(samplers.QMCSampler(seed=0, scramble=True, warn_asynchronous_seeding=False))
    view = search(searcher, start(), square, 17)
    places = {int((trial.config["x"] + 5) / 10 * 16) for trial in view.trials[1:]}
    assert len(places) == 16


def test_a_genetic_algorithm_gets_beyond_its_first_generation() -> None:
    """Every value of a child without mutation is one of its parents'."""
    sampler = samplers.NSGAIISampler(population_size=4, mutation_prob=0.0)
    view = search(OptunaSearcher(sampler), start(), square, 9)
    for trial in view.trials[4:8]:
        assert trial.config["x"] in [parent.config["x"] for parent in view.trials[:4]]


def test_brute_force_tries_everything_once() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        searcher = OptunaSearcher(samplers.BruteForceSampler())
    space = Space({"a": randint(1, 2), "b": choice("x", "y", "z"), "c": uniform(0, 1, step=1)})
    view = search(searcher, start(space=space), lambda config: {"loss": 0.0}, 12)
    assert len({tuple(trial.config.values()) for trial in view.trials}) == 12


@pytest.mark.parametrize("searcher", [TPE(startup=3), BO(startup=3), NSGA2(population=3)])
def test_very_wide_and_very_narrow_ranges_can_be_searched(searcher: Searcher) -> None:
    """Optuna's Gaussian process would list all whole numbers of a range: here 80 GB of them."""
    space = Space(
        {
            "rows": lograndint(1, 10**10),
            "seed": randint(-(2**53), 2**53),
            "huge": uniform(-1e300, 1e300),
            "scale": loguniform(1e-300, 1e300),
            "close": uniform(1.0, 1.0 + 1e-15),
            "fine": uniform(0, 1, step=1e-5),
        }
    )
    view = search(searcher, start(space=space), lambda config: {"loss": abs(config["rows"] - 1e6)}, 8)
    assert {type(trial.config["rows"]) for trial in view.trials} == {int}


def test_what_is_no_sampler_and_a_grid_are_refused() -> None:
    with pytest.raises(ConfigError, match="'tpe' is no sampler of Optuna's. Give an object such as"):
        OptunaSearcher("tpe")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="Use BruteForceSampler, on ranges of options"):
        OptunaSearcher(samplers.GridSampler({"x": [1, 2]}))


@pytest.mark.parametrize(("make", "name"), [(TPE, "startup"), (BO, "startup")])
def test_options_are_checked(make: type[TPE], name: str) -> None:
    with pytest.raises(ConfigError, match=f"`{name}` must be at least 1, got 0"):
        make(0)
    with pytest.raises(ConfigError, match="`population` must be at least 2, got 1"):
        NSGA2(1)


@pytest.mark.parametrize("searcher", [TPE(), BO(), NSGA2()])
def test_without_optuna_the_first_trial_says_how_to_install_it(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"pip install 'vernal\[tuning\]'"):
        searcher.suggest(start())


def test_optuna_is_silent_here_and_not_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger("optuna").level
    search(BO(startup=2), View(MIXED, DEFAULT, LOSS), lambda config: {"loss": config["lr"]}, 5)
    assert capsys.readouterr().err == ""
    assert logging.getLogger("optuna").level == before
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        samplers.TPESampler(group=True)
