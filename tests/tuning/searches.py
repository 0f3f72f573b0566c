"""Searches without training: spaces, trials in all states, and a loop that asks and tells."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from hypothesis import strategies as st

from vernal.space import Config, Space, choice, lograndint, loguniform, randint, uniform
from vernal.tuning import Constraint, Goal, Objective, Searcher, Trial, View

Measure = Callable[[Mapping[str, float]], Mapping[str, float | None]]

LOSS = Goal((Objective("loss", higher_is_better=False),))
MIXED = Space(
    {
        "optimizer": choice("Adam", "SGD", None),
        "momentum": uniform(0, 1, step=0.1).only_if(optimizer="SGD"),
        "nesterov": choice(False, True, 0, 1).only_if(optimizer="SGD"),
        "betas": choice((0.9, 0.99), (0.5, 0.9)).only_if(optimizer="Adam"),
        "lr": loguniform(1e-4, 1),
        "depth": randint(1, 3),
        "width": lograndint(8, 64).only_if(depth=[2, 3]),
    }
)
DEFAULT: Config = MIXED.default({})


def search(searcher: Searcher, view: View, measure: Measure, trials: int) -> View:
    """A search in which every trial is trained to its end, one after the other."""
    for number in range(trials):
        suggested = searcher.suggest(view)
        assert view.space.holds(suggested.config)
        final = measure(suggested.config)
        trial = Trial(number, suggested.config, suggested.origin, 1, "complete", (final,), final=final)
        view = replace(view, trials=(*view.trials, trial))
    return view


numbers = st.one_of(st.none(), st.floats(-5, 5), st.just(math.nan), st.just(math.inf))


@st.composite
def some_trials(
    draw: st.DrawFn, space: Space, names: tuple[str, ...], most: int = 14, outside: bool = True
) -> tuple[Trial, ...]:
    """Trials in any mix of states, with ragged curves of what was and what was not measured."""
    import numpy as np

    trials = []
    for number in range(draw(st.integers(1, most))):
        config = space.sample(np.random.default_rng(draw(st.integers(0, 1000))))
        if outside and draw(st.integers(0, 9)) == 0:
            config = {"lr": 77.0}
        measures = st.fixed_dictionaries({}, optional=dict.fromkeys(names, numbers))
        status = draw(st.sampled_from(["running", "paused", "complete", "failed"]))
        final = draw(measures) if status == "complete" else None
        curve = tuple(draw(st.lists(measures, max_size=4)))
        trials.append(Trial(number, config, "random", 4, status, curve, final=final))
    return tuple(trials)


def constrained(*objectives: str) -> Goal:
    return Goal(tuple(Objective(name, name == "recall") for name in objectives), (Constraint("size", 1.0),))
