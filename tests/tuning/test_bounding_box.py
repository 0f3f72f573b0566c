from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.space import Choice, Real, Space, Whole, choice, lograndint, loguniform, randint, uniform
from vernal.tuning import BoundingBox, Goal, Guard, Objective, Past, RandomSearch, Suggestion, Trial, View
from vernal.tuning.bounding_box import box_around

GOAL = Goal((Objective("loss", False),))
SPACE = Space(
    {
        "lr": loguniform(1e-4, 1),
        "alpha": uniform(0, 1),
        "share": uniform(0, 1, step=0.1),
        "depth": randint(1, 9),
        "batch": lograndint(1, 1024),
        "optimizer": choice("SGD", "Adam", "RMSprop"),
        "betas": choice((0.9, 0.99), (0.9, 0.999)).only_if(optimizer="Adam"),
        "momentum": uniform(0, 1).only_if(optimizer=["SGD", "RMSprop"]),
        "nesterov": choice(True, False).only_if(optimizer="SGD"),
    }
)


def at(seed: int) -> dict[str, Any]:
    """A configuration at random, one in four at an end of every range."""
    rng = np.random.default_rng(seed)
    if seed % 4:
        return SPACE.sample(rng)
    config: dict[str, Any] = {}
    for name, one in SPACE.items():
        if one.exists(config):
            config[name] = one.ends[rng.integers(len(one.ends))]
    return config


def past(update: str, *configs: dict[str, Any]) -> Past:
    trials = (Trial(n, config, "random", 9, "complete", ({"loss": float(n)},)) for n, config in enumerate(configs))
    return Past(update, SPACE, {}, "loss", False, 9, tuple(trials))


def view(*pasts: Past, seed: int = 0) -> View:
    return View(SPACE, SPACE.default({}), GOAL, levels=9, past=pasts, seed=seed)


def searched(searcher: BoundingBox | RandomSearch, seen: View, trials: int, carried: float = 0.0) -> list[Suggestion]:
    """What a search suggests, if what comes out of the box has this loss, and the rest 1."""
    suggestions = []
    for number in range(trials):
        suggestion = searcher.suggest(seen)
        suggestions.append(suggestion)
        loss = carried if suggestion.origin.startswith("box") else 1.0
        trial = Trial(number, suggestion.config, suggestion.origin, 1, "paused", ({"loss": loss},))
        seen = replace(seen, trials=(*seen.trials, trial))
    return suggestions


def box(*configs: dict[str, Any], margin: float = 0.1, space: Space = SPACE) -> Space:
    return box_around(space, configs, margin)


def test_a_number_lies_between_the_smallest_and_the_largest_and_a_margin() -> None:
    one = box({"alpha": 0.3}, {"alpha": 0.4})["alpha"]
    assert one.ends == pytest.approx((0.2, 0.5))


def test_a_logarithmic_range_is_shrunk_in_the_logarithm() -> None:
    one = box({"lr": 1e-3}, {"lr": 1e-2}, margin=0.25)["lr"]
    assert isinstance(one, Real)
    assert one.log
    assert one.ends == pytest.approx((1e-4, 1e-1))


def test_a_margin_gives_width_to_a_single_point() -> None:
    one = box({"alpha": 0.3, "depth": 4, "batch": 32, "share": 0.5}, margin=0.001)
    assert one["alpha"].ends == pytest.approx((0.299, 0.301))
    assert one["depth"].ends == (3, 5)
    assert one["batch"].ends == (31, 33)
    assert one["share"].ends == (0.4, 0.6)


@pytest.mark.parametrize("end", [0, -1])
def test_a_point_at_the_end_of_a_range_has_a_box_too(end: int) -> None:
    names = "lr", "alpha", "share", "depth", "batch"
    one = box({name: SPACE[name].ends[end] for name in names}, margin=0.001)
    for name in names:
        low, high = one[name].ends
        assert low < high
        assert one[name].ends[end] == SPACE[name].ends[end]


def test_a_choice_has_the_options_that_were_best_in_the_order_that_they_had() -> None:
    one = box({"optimizer": "Adam"}, {"optimizer": "SGD"}, {"optimizer": "Adam"})["optimizer"]
    assert isinstance(one, Choice)
    assert one.options == ("SGD", "Adam")


def test_what_no_best_configuration_had_a_value_for_stays_as_it_is() -> None:
    assert box({"optimizer": "SGD"})["alpha"] == SPACE["alpha"]


def test_conditions_stay_valid_and_what_cannot_exist_in_the_box_is_gone() -> None:
    one = box({"optimizer": "SGD", "momentum": 0.9, "nesterov": True})
    assert one["momentum"].when == {"optimizer": ("SGD",)}
    assert "betas" not in one
    assert box({"optimizer": "Adam", "betas": (0.9, 0.99)}).active({"optimizer": "Adam"})[-1] == "betas"


def test_steps_stay_on_their_grid() -> None:
    one = box({"share": 0.3}, {"share": 0.4})["share"]
    assert isinstance(one, Real)
    assert one.step == 0.1
    assert all(one.sample(np.random.default_rng(seed)) in SPACE["share"] for seed in range(20))


def test_the_default_comes_first_and_then_the_box() -> None:
    best = {**SPACE.default({}), "alpha": 0.9}
    suggestions = searched(BoundingBox(RandomSearch(), guard=None), view(past("one", best)), 4)
    assert suggestions[0] == Suggestion(SPACE.default({}), "default")
    assert [one.origin for one in suggestions[1:]] == ["box, default", "box, random", "box, random"]
    assert all(0.8 <= one.config["alpha"] <= 1 for one in suggestions[1:])


def test_the_box_holds_as_many_of_the_best_of_each_update_as_asked_for() -> None:
    middle = SPACE.default({})
    seen = view(past("one", {**middle, "alpha": 0.1}, {**middle, "alpha": 0.9}))
    narrow, wide = (
        [one.config["alpha"] for one in searched(BoundingBox(RandomSearch(), best=best, guard=None), seen, 30)[2:]]
        for best in (1, 2)
    )
    assert max(narrow) <= 0.2
    assert max(wide) > 0.8


def test_the_box_holds_only_the_latest_updates() -> None:
    middle = SPACE.default({})
    seen = view(past("one", {**middle, "alpha": 0.9}), past("two", {**middle, "alpha": 0.1}))
    told = [one.config["alpha"] for one in searched(BoundingBox(RandomSearch(), most=1, guard=None), seen, 10)[1:]]
    assert max(told) <= 0.2


def test_with_a_guard_the_box_takes_turns_with_the_whole_space() -> None:
    seen = view(past("one", SPACE.default({"alpha": 0.9})))
    told = [one.origin.split(",")[0] for one in searched(BoundingBox(RandomSearch()), seen, 9)]
    assert told == ["default", "box", "box", "random", "box", "random", "box", "box", "box"]


def test_a_box_that_misleads_is_opened() -> None:
    seen = view(past("one", SPACE.default({"alpha": 0.9})))
    suggestions = searched(BoundingBox(RandomSearch()), seen, 12, carried=2.0)
    assert [one.origin for one in suggestions[6:]] == ["random"] * 6
    assert searched(BoundingBox(RandomSearch(), guard=None), seen, 12, carried=2.0)[-1].origin == "box, random"


@pytest.mark.parametrize("options", [{"most": 0}, {"best": 0}, {"margin": 0.0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=f"`{next(iter(options))}` must be"):
        BoundingBox(RandomSearch(), **options)  # type: ignore[arg-type]


seeds = st.integers(0, 2**32)
histories = st.lists(st.lists(seeds.map(at), min_size=1, max_size=3), min_size=1, max_size=4)


@given(st.lists(seeds.map(at), min_size=1, max_size=5), st.floats(0.001, 1))
def test_a_box_lies_in_the_space_and_holds_the_best(configs: list[dict[str, Any]], margin: float) -> None:
    one = box(*configs, margin=margin)
    for name, own in one.items():
        assert all(end in SPACE[name] for end in own.ends)
    assert all(one.holds(config) for config in configs)


@given(st.lists(seeds.map(at), min_size=1, max_size=3), seeds)
def test_what_lies_in_the_box_lies_in_the_space(configs: list[dict[str, Any]], seed: int) -> None:
    assert SPACE.holds(box(*configs).sample(np.random.default_rng(seed)))


@given(
    st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.lists(st.floats(0, 1), min_size=1, max_size=3), st.floats(0.001, 1)
)
def test_any_range_of_decimal_numbers_has_a_box(low: float, width: float, places: list[float], margin: float) -> None:
    space = Space({"x": uniform(low, low + width)})
    one = box(*({"x": min(low + place * width, low + width)} for place in places), margin=margin, space=space)
    assert low <= one["x"].ends[0] < one["x"].ends[1] <= low + width


@given(st.integers(-50, 50), st.integers(1, 50), st.lists(st.floats(0, 1), min_size=1, max_size=3), st.floats(0.001, 1))
def test_any_range_of_whole_numbers_has_a_box(low: int, width: int, places: list[float], margin: float) -> None:
    space = Space({"x": randint(low, low + width)})
    values = [low + round(place * width) for place in places]
    own = box(*({"x": value} for value in values), margin=margin, space=space)["x"]
    assert isinstance(own, Whole)
    assert low <= own.low < own.high <= low + width
    assert all(value in own for value in values)


@given(st.integers(1, 30), st.lists(st.floats(0, 1), min_size=1, max_size=3), st.floats(0.001, 1))
def test_any_range_with_steps_has_a_box(steps: int, places: list[float], margin: float) -> None:
    whole = uniform(0.1, 0.1 + steps * 0.3, step=0.3)
    values = [whole.at(round(place * whole.steps)) for place in places]
    own = box(*({"x": value} for value in values), margin=margin, space=Space({"x": whole}))["x"]
    assert isinstance(own, Real)
    assert all(value in own for value in values)
    assert all(own.at(place) in whole for place in range(own.steps + 1))


@given(histories, seeds, st.booleans(), st.sampled_from([0.0, 2.0]))
def test_every_suggestion_lies_in_the_space_and_depends_on_the_view_alone(
    configs: list[list[dict[str, Any]]], seed: int, guarded: bool, carried: float
) -> None:
    seen = view(*(past(str(n), *own) for n, own in enumerate(configs)), seed=seed)
    searcher = BoundingBox(RandomSearch(), guard=Guard() if guarded else None)
    suggestions = searched(searcher, seen, 8, carried)
    assert all(SPACE.holds(one.config) for one in suggestions)
    assert suggestions == searched(searcher, seen, 8, carried)


@given(seeds, st.booleans(), st.sampled_from(["empty", "metric", "direction", "outside"]))
def test_without_a_history_that_fits_it_is_the_other_searcher(seed: int, guarded: bool, why: str) -> None:
    pasts = {
        "empty": past("one"),
        "metric": replace(past("one", at(1)), metric="accuracy"),
        "direction": replace(past("one", at(1)), higher_is_better=True),
        "outside": past("one", {**at(1), "alpha": 1.5}),
    }
    searcher = BoundingBox(RandomSearch(), guard=Guard() if guarded else None)
    seen = view(pasts[why], seed=seed)
    assert searched(searcher, seen, 6) == searched(RandomSearch(), seen, 6)


def test_a_box_that_has_been_tried_is_left() -> None:
    space = Space({"depth": choice(1, 2, 3, 4)})
    then = Past("1a2b", space, {}, "loss", False, 1, (Trial(0, {"depth": 1}, "", 1, "complete", ({"loss": 1.0},)),))
    tried = Trial(0, {"depth": 1}, "default", 1, "paused", ({"loss": 1.0},))
    suggestion = BoundingBox(RandomSearch()).suggest(View(space, {"depth": 1}, GOAL, (tried,), past=(then,)))
    assert (suggestion.origin, suggestion.config["depth"] > 1) == ("random", True)
