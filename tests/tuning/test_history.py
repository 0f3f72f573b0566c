from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import SchemaTooNew, canonical_json
from vernal.space import Space, choice, loguniform, randint, uniform
from vernal.tuning import Past, Trial

SPACE = Space(
    {
        "lr": loguniform(1e-4, 1),
        "betas": choice((0.9, 0.99), (0.9, 0.999), None),
        "depth": randint(1, 9),
        "momentum": uniform(0, 1).only_if(betas=[(0.9, 0.99)]),
    }
)
CONFIG = {"lr": 0.1, "betas": (0.9, 0.99), "depth": 3, "momentum": 0.5}


def past_of(*trials: Trial, fixed: object = None) -> Past:
    return Past("1a2b", SPACE, fixed or {}, "loss", False, 27, trials)


def round_trip(past: Past) -> Past:
    return Past.from_json(json.loads(canonical_json(past.to_json())))


def test_it_survives_json_with_spaces_conditions_and_options_that_are_tuples() -> None:
    past = past_of(
        Trial(0, CONFIG, "default", 1, "paused", ({"loss": 2.0},)), fixed={"betas": (0.9, (1, 2)), "on": True}
    )
    assert round_trip(past) == past


def test_curves_stay_as_long_as_they_are() -> None:
    lengths = [1, 27, 0, 9]
    trials = [Trial(n, CONFIG, "random", 27, "paused", ({"loss": 1.0},) * length) for n, length in enumerate(lengths)]
    assert [trial.level for trial in round_trip(past_of(*trials)).trials] == lengths


def test_what_is_not_a_number_was_not_measured() -> None:
    nan, inf = float("nan"), float("inf")
    trial = Trial(
        0, CONFIG, "random", 2, "complete", ({"loss": nan}, {"loss": inf, "forgetting": None}), final={"loss": nan}
    )
    again = round_trip(past_of(trial)).trials[0]
    assert again.curve == ({"loss": None}, {"loss": None, "forgetting": None})
    assert again.final == {"loss": None}


def test_a_failed_trial_keeps_what_it_measured_and_why_it_failed() -> None:
    trial = Trial(0, CONFIG, "random", 3, "failed", ({"loss": 1.0},), 2.5, error="memory ran out", deaths=3)
    assert round_trip(past_of(trial)).trials == (trial,)


def test_the_numbers_that_constraints_need_are_kept() -> None:
    trial = Trial(
        0, CONFIG, "random", 1, "complete", ({"loss": 1.0, "forgetting": 0.1},), final={"loss": 1.0, "f": 0.2}
    )
    assert round_trip(past_of(trial)).trials == (trial,)


@pytest.mark.parametrize("value", [float("inf"), [1.0, float("nan")], object()])
def test_a_fixed_value_that_json_does_not_have_is_not_known_later(value: object) -> None:
    assert round_trip(past_of(fixed={"clip": value, "alpha": 0.5})).fixed == {"alpha": 0.5}


def test_what_a_later_version_wrote_is_refused() -> None:
    with pytest.raises(SchemaTooNew, match="update 1a2b was written in schema 2, and this vernal reads up to 1"):
        Past.from_json({**past_of().to_json(), "schema_version": 2})


def test_equal_tunings_have_equal_bytes() -> None:
    one = past_of(Trial(0, CONFIG, "default", 1))
    other = past_of(Trial(0, dict(reversed(CONFIG.items())), "default", 1))
    assert canonical_json(one.to_json()) == canonical_json(other.to_json())


@given(st.lists(st.lists(st.one_of(st.none(), st.floats()), max_size=5), max_size=5))
def test_any_history_is_the_same_after_one_round_trip_and_after_two(curves: list[list[float | None]]) -> None:
    trials = [
        Trial(n, CONFIG, "random", 5, "paused", tuple({"loss": value} for value in curve))
        for n, curve in enumerate(curves)
    ]
    once = round_trip(past_of(*trials))
    assert round_trip(once) == once
    assert [trial.level for trial in once.trials] == [len(curve) for curve in curves]
