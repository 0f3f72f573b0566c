"""What a search knows of earlier updates: data that is another each time hides nothing, another method does."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.transaction.searching import ranged
from tests.transaction.stream import CONFIG, plan, write_config
from vernal.methods import ER
from vernal.space import loguniform, uniform
from vernal.store import Store
from vernal.transaction import update
from vernal.tuning import Past

MONTHS = CONFIG.replace("def data_module_fn(number: int,", "def data_module_fn(month: str, number: int,")


@pytest.fixture(autouse=True)
def _threads(threads: None) -> None:
    """No processes in these tests."""


@pytest.fixture
def months(tmp_path: Path) -> Path:
    """A config file whose data is named by a word."""
    return write_config(tmp_path / "months", MONTHS)


def tuned(store: Path, config: Path, number: int, method: Any = "er", space: Any = None, **changes: Any) -> Past:
    """The trials of an update with the default search."""
    asked = ranged(plan(config, number, method), space, scheduler=None, max_trials=3)
    changes["arguments"] = {**asked.arguments, **changes.get("arguments", {})}
    record = update(dataclasses.replace(asked, **changes), store).record
    opened = Store(store)
    return Past.from_json(json.loads(opened.blobs.get(opened.resolve(record["artefacts"]["tuning"]["blob"]))))


def carried(past: Past, earlier: Past) -> bool:
    """Whether a search has tried the best of an earlier one."""
    return f"update {earlier.update}" in [trial.origin for trial in past.trials]


def test_data_with_another_name_each_time_hides_no_history(tmp_path: Path, months: Path) -> None:
    store = tmp_path / "store"
    january = tuned(store, months, 1, arguments={"month": "January"})
    february = tuned(store, months, 2, arguments={"month": "February"})
    assert carried(february, january)
    assert not {"month", "number", "rows"} & {*january.fixed}
    assert {"width", "memory_batch", "er.memory_batch"} <= {*january.fixed}


def test_what_is_tuned_under_one_name_is_fixed_under_no_other(tmp_path: Path, config: Path) -> None:
    past = tuned(tmp_path / "store", config, 1, space={"lr": loguniform(0.003, 0.3), "er.alpha": uniform(0, 1)})
    assert not {"alpha", "er.alpha", "lr"} & {*past.fixed}
    assert {"memory_batch", "er.memory_batch"} <= {*past.fixed}


def test_what_was_found_for_another_method_is_not_tried(tmp_path: Path, config: Path) -> None:
    store = tmp_path / "store"
    replayed = tuned(store, config, 1)
    assert replayed.fixed["method"] == "er"
    forgetful = tuned(store, config, 2, "fine_tune", change_method=True)
    assert forgetful.fixed["method"] == "fine_tune"
    assert not carried(forgetful, replayed)
    again = tuned(store, config, 3, ER(), change_method=True)
    assert carried(again, replayed)
    assert not carried(again, forgetful)


def test_a_choice_between_methods_knows_what_each_was_tuned_to(tmp_path: Path, config: Path) -> None:
    store = tmp_path / "store"
    replayed = tuned(store, config, 1)
    both = tuned(store, config, 2, ["derpp", "er"], change_method=True)
    assert "method" not in both.fixed
    assert carried(both, replayed)
    assert next(trial for trial in both.trials if trial.origin.startswith("update")).config["method"] == "er"
