"""How to tune, as the user says it: what is no search is refused, and what only ends one is told apart."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from vernal.base import ConfigError
from vernal.tuning import Tuning
from vernal.tuning.settings import DEFAULT_TRIALS


@pytest.mark.parametrize(
    ("said", "twice"),
    [
        ({"metric": "accuracy", "also": ("accuracy",)}, "accuracy"),
        ({"metric": "accuracy", "also": "accuracy"}, "accuracy"),
        ({"also": ("seconds", "size_bytes", "seconds")}, "seconds"),
        ({"metric": "loss", "also": ("seconds", "loss")}, "loss"),
    ],
)
def test_a_number_is_to_improve_once(said: dict[str, Any], twice: str) -> None:
    message = f"`also` names '{twice}', which is to improve already. Name each number once."
    with pytest.raises(ConfigError, match=message):
        Tuning(**said)


def test_numbers_on_different_rows_are_different_numbers() -> None:
    assert Tuning(metric="new.loss", also=("old.loss", "loss")).also == ("old.loss", "loss")


def test_without_a_limit_so_many_trials_begin() -> None:
    assert Tuning().trials == DEFAULT_TRIALS
    assert Tuning(price_per_hour=2.0).trials == DEFAULT_TRIALS
    assert Tuning(max_minutes=5).trials is None
    assert Tuning(max_minutes=5, max_trials=3).trials == 3


@pytest.mark.parametrize(
    "name", [one.name for one in dataclasses.fields(Tuning) if one.name.startswith(("max_", "pri"))]
)
def test_whatever_ends_a_search_is_a_limit(name: str) -> None:
    assert Tuning(price_per_hour=1.0, **({} if name == "price_per_hour" else {name: 1})).limits[name] == 1  # type: ignore[arg-type]
    assert name in Tuning().to_json()


def test_what_a_search_is_about_is_no_limit() -> None:
    about = {"scheduler", "searcher", "transfer", "metric", "also", "constraints"}
    assert {*Tuning().to_json()} - {*Tuning().limits} == about


@pytest.mark.parametrize("said", [{"constraints": "cost<=2"}, {"metric": "cost"}, {"also": "cost"}])
def test_a_cost_needs_a_price(said: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="`cost` needs `price_per_hour`: what one hour of one worker costs."):
        Tuning(**said)
    assert Tuning(**said, price_per_hour=1.5).price_per_hour == 1.5
