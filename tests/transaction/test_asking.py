"""Whether an update is what a plan asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.transaction.stream import plan
from vernal.space import loguniform
from vernal.store import Store
from vernal.transaction import answers, update
from vernal.tuning import Tuning


def test_an_update_answers_the_plan_that_made_it_and_no_other(first: Path, config: Path) -> None:
    store = Store(first, create=False)
    record = store.record("champion")
    assert answers(record, plan(config, 1), store)
    assert not answers(record, plan(config, 2), store)
    assert not answers(record, replace(plan(config, 1), seed=9), store)


@pytest.mark.usefixtures("threads")
def test_an_update_that_was_tuned_answers_its_ranges_and_no_others(tmp_path: Path, config: Path) -> None:
    asked = replace(plan(config, 1), space={"lr": loguniform(0.01, 0.1)}, tuning=Tuning(max_trials=1))
    record, store = update(asked, tmp_path / "store").record, Store(tmp_path / "store")
    assert answers(record, asked, store)
    assert not answers(record, replace(asked, space={"lr": loguniform(0.01, 0.2)}), store)
    assert not answers(record, replace(asked, tuning=Tuning(max_trials=2)), store)
    assert not answers(record, replace(asked, space={}, tuning=None), store)
