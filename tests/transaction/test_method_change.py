"""Lineages that go on with another method: what it wants to find with rows in memory is put there."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.transaction import growing
from tests.transaction.processes import Update
from tests.transaction.stream import copy_of, outcome
from vernal.base import ConflictError
from vernal.config import Plan
from vernal.memory import Memory
from vernal.methods import ER, BudgetedReplay, Method
from vernal.state import unpack
from vernal.store import Store
from vernal.testing.toys import InterruptAfter
from vernal.training import Silent, Training
from vernal.transaction import Result, load_model, update

ALL = [0, 1, 2, 3]


def plan(number: int, method: Method | str, *, change: bool = True, classes: Any = ALL, **training: Any) -> Plan:
    options = {"budget": "3ep", "batch_size": 8, "accelerator": "cpu"} | training
    arguments = {"classes": classes, "rows": 24 + number, "lr": 0.02}  # As many rows more, and so another chunk.
    made = Plan(growing.__file__, method=method, arguments=arguments, training=Training(**options))
    return dataclasses.replace(made, change_method=change)


def memory_of(store: Store, result: Result) -> Memory:
    return Memory.from_tree(unpack(store.blobs.get(result.record["artefacts"]["memory"]["blob"])), store.blobs)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_change_must_be_meant(store: Store) -> None:
    update(plan(1, "er"), store)
    with pytest.raises(ConflictError, match="trained with the method 'er', and this plan says 'der'.*--change-method"):
        update(plan(2, "der", change=False), store)


def test_rows_are_kept_with_what_the_champion_says_of_them(store: Store) -> None:
    update(plan(1, "er"), store)
    champion = load_model(store, growing.__file__)
    second = update(plan(2, "der"), store)
    memory = memory_of(store, second)
    old = torch.arange(25)
    with torch.no_grad():
        said = champion(memory.leaves(old)["x"])
    torch.testing.assert_close(memory.extras(old)["z"], said)
    with torch.no_grad():
        new = load_model(store, growing.__file__)(memory.leaves(torch.arange(25, 51))["x"])
    torch.testing.assert_close(memory.extras(torch.arange(25, 51))["z"], new)


def test_one_column_is_written_and_no_row(store: Store) -> None:
    first = update(plan(1, "er"), store)
    second = update(plan(2, "der"), store)
    old, new = (memory_of(store, one).segments for one in (first, second))
    assert new[0].columns.items() > old[0].columns.items()
    assert new[0].columns.keys() - old[0].columns.keys() == {"z"}
    rows = memory_of(store, second)
    column = store.blobs.path(new[0].columns["z"]).stat().st_size
    assert 0 < column - 25 * rows.kept["z"].shape[0] * 4 < 4096  # The numbers, and a header.


def test_what_is_not_wanted_is_let_go_and_comes_back_anew(store: Store) -> None:
    update(plan(1, "der"), store)
    second = update(plan(2, "er"), store)
    assert not memory_of(store, second).kept
    third = update(plan(3, "der"), store)
    memory = memory_of(store, third)
    assert len(memory) == 25 + 26 + 27
    assert bool(torch.isfinite(memory.extras(torch.arange(len(memory)))["z"]).all())
    assert store.verify() == []


@pytest.mark.parametrize("after", ["pod_er", "derpp", "cls_er", "icarl", "ewc", "super_er", "offline_er", "ncm", "rd"])
def test_a_lineage_goes_on_with_any_method(after: str, store: Store) -> None:
    first = update(plan(1, "er"), store)
    second = update(plan(2, after), store)
    third = update(plan(3, after, change=False, classes=[0, 5]), store)
    assert second.validation[0]["before"] == first.metrics
    assert all(math.isfinite(row["after"]["loss"]) for row in third.validation)


def test_a_method_that_wants_all_rows_refuses_a_sample(store: Store) -> None:
    update(plan(1, ER(memory_size=10)), store)
    with pytest.raises(ConflictError, match="'joint' wants all rows ever seen, but of 25 rows .* holds 10"):
        update(plan(2, "joint"), store)


def test_a_method_that_keeps_no_rows_leaves_them_to_the_next(store: Store) -> None:
    update(plan(1, "er"), store)
    update(plan(2, "ewc"), store)
    third = update(plan(3, "der"), store)
    assert len(memory_of(store, third)) == 25 + 27


def test_a_head_may_grow_in_the_same_update(store: Store) -> None:
    update(plan(1, "er", classes=[0, 1]), store)
    second = update(plan(2, "der", classes=[2, 3]), store)
    z = memory_of(store, second).extras(torch.arange(51))["z"]
    assert bool(torch.isfinite(z[:25, :2]).all())
    assert not bool(torch.isfinite(z[:25, 2:]).any()), "the champion knew nothing of these"
    assert bool(torch.isfinite(z[25:]).all())
    assert all(math.isfinite(loss) for loss in second.record["training"]["losses"])


def test_a_change_is_resumed_bit_for_bit(store: Store, tmp_path: Path) -> None:
    update(plan(1, "er"), store)
    broken, what = Store(copy_of(Path(store.url), "broken")), plan(2, "derpp", checkpoint_minutes=0)
    update(what, store)
    with pytest.raises(KeyboardInterrupt):
        update(what, broken, reporter=InterruptAfter(5))
    assert update(what, broken).record["training"]["resumed"]
    assert outcome(broken) == outcome(store)


@pytest.mark.journey
def test_two_processes_equal_one(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for what in (plan(1, "er"), plan(2, "der"), plan(3, "pod_er")):
        update(what, store)
        Update(what, other).finish()
    assert outcome(Store(other)) == outcome(store)


def test_who_wants_all_rows_does_not_begin_with_none_of_them(store: Store) -> None:
    update(plan(1, "fine_tune"), store)
    with pytest.raises(ConflictError, match="'joint' wants all rows ever seen, but of .* holds 0"):
        update(plan(2, "joint"), store)


def test_who_kept_a_sample_cannot_keep_all_rows_from_now_on(store: Store) -> None:
    update(plan(1, BudgetedReplay(memory_size=5)), store)
    with pytest.raises(ConflictError, match="'budgeted' wants all rows ever seen.*give it a `memory_size`"):
        update(plan(2, BudgetedReplay()), store)


def test_an_option_that_is_another_one_now_is_noted(store: Store) -> None:
    class Notes(Silent):
        def __init__(self) -> None:
            self.texts: list[str] = []

        def note(self, text: str) -> None:
            self.texts.append(text)

    notes = [Notes(), Notes()]
    first = update(plan(1, ER(memory_size=10)), store, reporter=notes[0])
    update(plan(2, ER()), store, reporter=notes[1])
    assert notes[0].texts == []
    assert notes[1].texts == [f"`memory_size` is 500, and was 10 in update {first.id}"]
