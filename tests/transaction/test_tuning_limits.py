"""A search that was over goes on with other limits: what was trained is not trained again."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.transaction.searching import Heard, lines, made, ranged
from tests.transaction.stream import copy_of, plan
from tests.transaction.threads import Threads
from vernal.store import Store
from vernal.transaction import tune, update
from vernal.tuning import Trial


@pytest.fixture(autouse=True)
def _threads(threads: None) -> None:
    """No processes in these tests."""


def timeless(trial: Trial) -> Trial:
    """A trial without what a clock has measured."""
    curve = tuple({**measures, "seconds": None} for measures in trial.curve)
    final = None if trial.final is None else {**trial.final, "seconds": None}
    return dataclasses.replace(trial, curve=curve, final=final, seconds=0.0)


def events(store: Path) -> list[dict[str, Any]]:
    """All that is written of the one unfinished search of a store."""
    (book,) = store.glob("scratch/*/trials-*/trials.jsonl")
    return [json.loads(line) for line in book.read_bytes().splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_search_that_goes_on_ends_as_one_that_was_longer_from_the_beginning(
    workers: int, store: Path, config: Path
) -> None:
    whole, heard = copy_of(store, "whole"), Heard()
    short, long = (ranged(plan(config, 2), max_trials=n, workers=workers) for n in (3, 5))
    before = tune(short, store)
    written = events(store)
    after = tune(long, store, reporter=heard)
    assert events(store)[: len(written)] == written
    assert {event["trial"] for event in events(store)[len(written) :]} == {3, 4}
    assert after.past.trials[:3] == before.past.trials
    assert "goes on with 3 trials, 9 levels" in heard.notes
    at_once = tune(long, whole)
    assert [*map(timeless, after.past.trials)] == [*map(timeless, at_once.past.trials)]
    assert after.summary["chosen"] == at_once.summary["chosen"]

    started = Threads.started
    update(long, store)
    assert Threads.started == started
    assert not [*store.glob("scratch/*/trials-*")]
    assert Store(store).unfinished() == []
    update(long, whole)
    assert made(store) == made(whole)


def test_asha_goes_on_too_and_trains_no_level_again(store: Path, config: Path) -> None:
    # Of three trials of four epochs one is promoted from the first, and taken to its end when the search is over.
    short, long = (ranged(plan(config, 2, budget="4ep"), scheduler="asha", max_trials=n) for n in (3, 7))
    before, whole = tune(short, store), copy_of(store, "whole")
    assert [event["limits"]["max_trials"] for event in events(store) if event["kind"] == "finish"] == [3]
    after = tune(long, store)
    for old, new in zip(before.past.trials, after.past.trials, strict=False):
        assert (new.number, new.config, new.origin) == (old.number, old.config, old.origin)
        assert new.curve[: old.level] == old.curve
    told = Counter((event["trial"], event["level"]) for event in events(store) if event["kind"] == "level")
    assert {*told.values()} == {1}
    assert len(after.past.trials) == 7
    assert after.past.trials[after.summary["chosen"]].status == "complete"
    assert after.summary["chosen"] == tune(long, whole).summary["chosen"]

    started = Threads.started
    assert update(long, store).record["tuning"]["trials"] == 7
    assert Threads.started == started


def test_a_search_with_the_same_limits_stays_over(store: Path, config: Path) -> None:
    asked = ranged(plan(config, 2, budget="4ep"), scheduler="asha", max_trials=3)
    first, count, started = tune(asked, store), lines(store), Threads.started
    heard = Heard()
    assert tune(asked, store, reporter=heard).past == first.past
    assert (lines(store), Threads.started) == (count, started)
    assert not any(note.startswith("goes on with") for note in heard.notes)


def test_a_search_with_smaller_limits_keeps_what_it_has(store: Path, config: Path) -> None:
    long, short = (ranged(plan(config, 2), max_trials=n) for n in (4, 2))
    before, count = tune(long, store), lines(store)
    assert tune(short, store).past.trials == before.past.trials
    assert lines(store) == count


@pytest.mark.parametrize(
    "limits",
    [
        {"max_trials": None, "max_epochs": 12},
        {"max_trials": None, "max_finished": 4},
        {"max_trials": None, "max_completed": 4},
        {"max_trials": 4, "max_minutes": 60},
        {"max_trials": 4, "max_cost": 5, "price_per_hour": 0.01},
    ],
)
def test_any_limit_may_be_another(limits: dict[str, Any], store: Path, config: Path) -> None:
    asked = ranged(plan(config, 2), max_trials=3)
    before = tune(asked, store)
    after = tune(ranged(plan(config, 2), **limits), store)
    assert after.past.trials[:3] == before.past.trials
    assert len(after.past.trials) == 4


def test_limits_are_part_of_the_name_and_not_of_the_workplace(store: Path, config: Path) -> None:
    short, long, other = (
        tune(ranged(plan(config, 2), **options), copy_of(store, f"{store.name} {number}")).situation
        for number, options in enumerate([{"max_trials": 1}, {"max_trials": 2}, {"max_trials": 1, "metric": "loss"}])
    )
    assert short.name != long.name
    assert short.workplace == long.workplace
    assert short.workplace != other.workplace
    untuned = dataclasses.replace(short, asked=None)
    assert untuned.workplace == untuned.name[:12]
    assert update(plan(config, 2), store).id == Store(store).record("champion")["name"][:12]
