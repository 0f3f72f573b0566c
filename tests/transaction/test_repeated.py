"""The same call again: nothing is trained, nothing is written, and a rollback stays one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transaction.stream import bytes_of, outcome, plan
from vernal.base import ConflictError
from vernal.store import Store
from vernal.transaction import update


class Phases:
    """A reporter that remembers what was done."""

    def __init__(self) -> None:
        self.phases: list[str] = []

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def training(self, *_: object) -> None:
        self.phases.append("step")

    def note(self, text: str) -> None:
        self.phases.append(text)


def test_a_repeated_call_trains_nothing_and_writes_nothing(store: Path, config: Path) -> None:
    first = update(plan(config, 2), store)
    before, opened, phases = bytes_of(store), Store(store), Phases()
    again = update(plan(config, 2), opened, reporter=phases)
    assert again.record == first.record
    assert (again.repeated, again.promoted) == (True, True)
    assert phases.phases == ["read config", "read data"]
    assert opened.bytes_written == 0
    assert bytes_of(store) == before


def test_data_that_the_champion_has_learned_is_not_learned_again_later(store: Path, config: Path) -> None:
    second = update(plan(config, 2), store)
    third = update(plan(config, 3), store)
    again = update(plan(config, 2), store)
    assert (again.id, again.repeated, again.promoted) == (second.id, True, False)
    assert Store(store).champion == third.id


def test_a_parent_by_name_is_meant_so_and_its_call_can_be_repeated(store: Path, config: Path) -> None:
    parent = Store(store).champion
    asked = plan(config, 2)
    second = update(asked, store, parent=parent)
    assert update(asked, store, parent=parent).record == second.record
    beside = update(asked, store, parent=second.id, promote=False)  # The same data once more.
    assert (beside.record["parent"], beside.repeated, beside.promoted) == (second.id, False, False)


def test_a_parent_that_is_not_the_champion_cannot_be_followed_by_one(store: Path, config: Path) -> None:
    parent = Store(store).champion
    second = update(plan(config, 2), store)
    message = f"Update {parent} is not the champion, which is {second.id}. Start from the champion, leave the new"
    with pytest.raises(ConflictError, match=message):
        update(plan(config, 3), store, parent=parent)
    beside = update(plan(config, 3), store, parent=parent, promote=False)
    assert not beside.promoted
    assert Store(store).champion == second.id


def test_what_was_left_beside_the_champion_takes_its_place_when_asked_for(store: Path, config: Path) -> None:
    beside = update(plan(config, 2), store, promote=False)
    assert not beside.promoted
    phases = Phases()
    promoted = update(plan(config, 2), store, reporter=phases)
    assert (promoted.id, promoted.promoted, promoted.repeated) == (beside.id, True, True)
    assert "train" not in phases.phases
    assert Store(store).champion == beside.id


def test_updates_without_a_champion_do_not_silently_begin_anew(config: Path, tmp_path: Path) -> None:
    first = update(plan(config, 1), tmp_path, promote=False)
    message = (
        rf"no champion to start from\. Name the one to start from: --parent {first.id} .* vernal promote {first.id}"
    )
    for promote in (False, True):
        with pytest.raises(ConflictError, match=message):
            update(plan(config, 2), tmp_path, promote=promote)
    assert update(plan(config, 1), tmp_path, promote=False).repeated
    with pytest.raises(ConflictError, match=f"which is nothing yet.* first: vernal promote {first.id}"):
        update(plan(config, 2), tmp_path, parent=first.id)
    second = update(plan(config, 2), tmp_path, parent=first.id, promote=False)
    with pytest.raises(ConflictError, match=rf"now nothing\. .* all the same: vernal promote {second.id}"):
        update(plan(config, 2), tmp_path, parent=first.id)
    Store(tmp_path).promote(second.id, expected=None)
    assert update(plan(config, 2), tmp_path).promoted
    assert update(plan(config, 3), tmp_path).record["parent"] == second.id


def test_a_repeated_call_does_not_undo_a_rollback(store: Path, config: Path) -> None:
    parent = Store(store).champion
    assert parent is not None
    second = update(plan(config, 2), store)
    Store(store).promote(parent, expected=second.id)
    again = update(plan(config, 2), store)
    assert (again.id, again.repeated, again.promoted) == (second.id, True, False)
    assert Store(store).champion == parent
    Store(store).promote(second.id, expected=parent)  # Who means it says so.
    assert update(plan(config, 2), store).promoted


@pytest.mark.journey
@pytest.mark.parametrize("method", ["er", "derpp"])
def test_a_rollback_rewinds_the_memory_too(config: Path, tmp_path: Path, method: str) -> None:
    """After 1, 2 and a rollback to 1, update 3 is what it would have been had 2 never come."""
    straight, rolled = tmp_path / "straight", tmp_path / "rolled"
    for store in (straight, rolled):
        one = update(plan(config, 1, method), store)
    two = update(plan(config, 2, method), rolled)
    Store(rolled).promote(one.id, expected=two.id)
    for store in (straight, rolled):
        three = update(plan(config, 3, method), store)
        assert three.record["parent"] == one.id
    assert outcome(Store(rolled)) == outcome(Store(straight))
    assert Store(rolled).verify() == []
