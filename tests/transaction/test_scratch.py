"""A new lineage in the same store: from scratch, beside the champion or in its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.transaction.searching import made, ranged
from tests.transaction.stream import bytes_of, outcome, plan
from tests.transaction.test_repeated import Phases
from vernal.base import ConfigError, ConflictError
from vernal.store import Head, Store
from vernal.transaction import load_model, tune, update


def test_in_an_empty_store_it_is_a_first_update(config: Path, tmp_path: Path) -> None:
    usual, scratch = tmp_path / "usual", tmp_path / "scratch"
    update(plan(config, 1), usual)
    result = update(plan(config, 1), scratch, scratch=True)
    assert result.promoted
    assert outcome(Store(scratch)) == outcome(Store(usual))
    assert update(plan(config, 1), scratch).repeated


def test_it_learns_this_data_alone_and_takes_the_champions_place(store: Path, config: Path, tmp_path: Path) -> None:
    fresh = update(plan(config, 2), store, scratch=True)
    assert fresh.promoted
    record = Store(store).record("champion")
    assert (record["id"], record["parent"], record["number"], record["major"]) == (fresh.id, None, 1, True)
    assert (record["rows_seen"], record["memory"]["seen"]) == (40, 40)
    assert [row["number"] for row in record["metrics"]["validation"]] == [1]
    update(plan(config, 2), tmp_path / "alone")
    assert outcome(Store(store)) == outcome(Store(tmp_path / "alone"))


def test_beside_the_champion_it_changes_nothing_there(store: Path, config: Path) -> None:
    champion = Store(store).champion
    fresh = update(plan(config, 2), store, scratch=True, promote=False)
    assert not fresh.promoted
    assert fresh.record["decision"] == {"yes": False, "why": "kept beside the champion when it was made"}
    assert Store(store).champion == champion
    assert update(plan(config, 2), store).record["parent"] == champion


def test_versions_begin_with_the_next_number(store: Path, config: Path) -> None:
    opened = Store(store)
    second = update(plan(config, 2), store)
    fresh = update(plan(config, 3), store, scratch=True, promote=False)
    third = update(plan(config, 4), store)
    after = update(plan(config, 4), store, parent=fresh.id, promote=False)
    versions = opened.versions()
    assert [versions[one.id] for one in (second, fresh, third, after)] == ["1.1", "2.0", "1.2", "2.1"]
    assert [one["id"] for one in opened.lineage(after.id)] == [fresh.id, after.id]


def test_a_repeated_call_is_free(store: Path, config: Path) -> None:
    fresh = update(plan(config, 2), store, scratch=True, promote=False)
    before, phases = bytes_of(store), Phases()
    again = update(plan(config, 2), store, scratch=True, promote=False, reporter=phases)
    assert (again.id, again.repeated, again.promoted) == (fresh.id, True, False)
    assert phases.phases == ["read config", "read data"]
    assert bytes_of(store) == before


def test_what_the_champion_has_learned_from_its_parent_is_another_update(store: Path, config: Path) -> None:
    """The champion's lineage answered the same request; that is no training from scratch."""
    second = update(plan(config, 2), store)
    fresh = update(plan(config, 2), store, scratch=True, promote=False)
    assert not fresh.repeated
    assert fresh.id != second.id
    assert fresh.record["request"] == second.record["request"]


def test_a_first_update_and_one_from_scratch_are_the_same_and_are_found(store: Path, config: Path) -> None:
    first = Store(store).champion
    second = update(plan(config, 2), store)
    again = update(plan(config, 1), store, scratch=True)
    assert (again.id, again.repeated, again.promoted) == (first, True, False)  # It has been the champion once.
    assert Store(store).champion == second.id


def test_what_was_left_beside_the_champion_takes_its_place_when_asked_for(store: Path, config: Path) -> None:
    fresh = update(plan(config, 2), store, scratch=True, promote=False)
    phases = Phases()
    promoted = update(plan(config, 2), store, scratch=True, reporter=phases)
    assert (promoted.id, promoted.promoted, promoted.repeated) == (fresh.id, True, True)
    assert "train" not in phases.phases
    assert Store(store).champion == fresh.id


def test_a_rollback_goes_back_to_the_old_lineage_and_stays(store: Path, config: Path) -> None:
    first = Store(store).champion
    fresh = update(plan(config, 2), store, scratch=True)
    Store(store).rollback(expected=fresh.id)
    again = update(plan(config, 2), store, scratch=True)
    assert (again.repeated, again.promoted) == (True, False)
    assert Store(store).champion == first


def test_the_old_lineage_keeps_its_memory_and_goes_on(store: Path, config: Path, tmp_path: Path) -> None:
    """A stateful update after a detour from scratch is what it would have been without."""
    first = Store(store).champion
    fresh = update(plan(config, 2), store, scratch=True)
    Store(store).rollback(expected=fresh.id)
    update(plan(config, 3), store)
    straight = tmp_path / "straight"
    for number in (1, 3):
        update(plan(config, number), straight)
    assert Store(store).record("champion")["parent"] == first
    assert outcome(Store(store)) == outcome(Store(straight))
    assert Store(store).verify() == []


def test_the_new_lineage_goes_on_by_itself(store: Path, config: Path) -> None:
    fresh = update(plan(config, 2), store, scratch=True)
    after = update(plan(config, 3), store)
    assert (after.record["parent"], after.record["number"], after.record["major"]) == (fresh.id, 2, False)
    assert after.record["rows_seen"] == 80


@pytest.mark.parametrize("method", ["slda", "ewc"])
def test_a_method_that_is_tied_to_its_state_begins_anew(store: Path, config: Path, method: str) -> None:
    with pytest.raises(ConflictError, match="was trained with the method 'er'"):
        update(plan(config, 2, method), store)
    fresh = update(plan(config, 2, method), store, scratch=True)
    assert fresh.promoted
    assert update(plan(config, 3, method), store).record["parent"] == fresh.id
    assert load_model(store, config) is not None


def test_it_has_no_parent(store: Path, config: Path) -> None:
    with pytest.raises(ConfigError, match=r"from scratch has no parent, and 'champion' is named as one\. Leave one"):
        update(plan(config, 2), store, parent="champion", scratch=True)


def test_without_a_champion_it_becomes_one(config: Path, tmp_path: Path) -> None:
    update(plan(config, 1), tmp_path, promote=False)
    with pytest.raises(ConflictError, match=r"For a new beginning: --scratch \(`scratch=True`\)"):
        update(plan(config, 2), tmp_path)
    fresh = update(plan(config, 2), tmp_path, scratch=True)
    assert (fresh.promoted, Store(tmp_path).champion) == (True, fresh.id)
    assert Store(tmp_path).version(fresh.id) == "2.0"


@pytest.mark.usefixtures("threads")
def test_it_can_be_tuned(store: Path, config: Path, tmp_path: Path) -> None:
    asked, champion = ranged(plan(config, 2)), Store(store).champion
    searched = tune(asked, store, scratch=True)
    assert Store(store).champion == champion
    assert searched.situation.parent is None
    fresh = update(asked, store, scratch=True)
    assert fresh.promoted
    assert fresh.record["parent"] is None
    update(asked, tmp_path / "alone")
    assert made(store) == made(tmp_path / "alone")
    with pytest.raises(ConflictError, match=f"Update {fresh.id} was made before"):
        tune(asked, store, scratch=True)


# Others that are at work


class Overtaken(Store):
    """A store in which somebody else is always a little earlier than a promotion."""

    other = ""

    def promote(self, key: str, expected: str | None, why: str = "", evidence: Mapping[str, Any] | None = None) -> Head:
        Store(self.url).promote(self.other, self.champion)
        return super().promote(key, expected, why, evidence)


def test_a_promotion_meanwhile_is_a_conflict_and_the_model_stays_beside(store: Path, config: Path) -> None:
    first = Store(store).champion
    other = update(plan(config, 3), store, promote=False)
    overtaken = Overtaken(store)
    overtaken.other = other.id
    with pytest.raises(ConflictError, match=f"the champion is {other.id}|{other.id}"):
        update(plan(config, 2), overtaken, scratch=True)
    assert Store(store).champion == other.id
    (fresh,) = (record for record in Store(store).records() if record["id"] not in (first, other.id))
    assert fresh["parent"] is None
    again = update(plan(config, 2), store, scratch=True)  # Who calls again sees the new champion, and means it.
    assert (again.id, again.repeated, again.promoted) == (fresh["id"], True, True)


class Killed(BaseException):
    """The process ends here."""


class KilledBeforePromotion(Store):
    """A store whose process dies between its commit and the promotion."""

    def promote(self, key: str, expected: str | None, why: str = "", evidence: Mapping[str, Any] | None = None) -> Head:
        raise Killed


def test_a_crash_between_commit_and_promotion_is_made_up_for_by_the_repeated_call(store: Path, config: Path) -> None:
    first = Store(store).champion
    with pytest.raises(Killed):
        update(plan(config, 2), KilledBeforePromotion(store), scratch=True)
    assert Store(store).champion == first
    phases = Phases()
    again = update(plan(config, 2), store, scratch=True, reporter=phases)
    assert (again.repeated, again.promoted) == (True, True)
    assert "train" not in phases.phases
    assert Store(store).champion == again.id
    assert Store(store).unfinished() == []
