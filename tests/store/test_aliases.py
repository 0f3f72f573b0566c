"""Versions, aliases, promotions and rollbacks, through the door of the store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.store.doubles import commit, make_record, race
from vernal.base import ConflictError, StateError, StateNotFound
from vernal.store import Files, Head, Store

HISTORIES = ["files", "embedded", "postgresql"]


@pytest.fixture
def family(store: Store) -> Store:
    """a (1.0) <- b (1.1), the champion; b0 (1.2) and b1 (2.0) beside the next."""
    commit(store, "a0")
    commit(store, "b0")
    commit(store, "b1", promote=False)
    commit(store, "b2", promote=False, major=True)
    return store


def names(store: Store) -> dict[str, str]:
    return {store.version(record["id"]): record["id"] for record in store.records()}


# Versions


def test_versions_are_told_and_found(family: Store, reopen: Callable[[], Files]) -> None:
    for reader in (family, Store(reopen())):
        assert reader.versions() == {"a0": "1.0", "b0": "1.1", "b1": "1.2", "b2": "2.0"}
        assert {reader.find(key) for key in ("b1", "1.2", f"{reader.name}:1.2", f"{reader.name}:b1")} == {"b1"}
        assert reader.record("2.0")["id"] == reader.lineage("2.0")[-1]["id"] == "b2"
        assert reader.version("champion") == reader.version("b0") == "1.1"


def test_a_version_of_another_model_is_refused(family: Store) -> None:
    with pytest.raises(
        StateNotFound, match=r"'fraud:1\.2' is of a model called 'fraud', .* called 'store'. Write store"
    ):
        family.find("fraud:1.2")


def test_a_model_has_the_name_that_it_was_given(place: Callable[[str], Files]) -> None:
    assert Store(place("a"), name="fraud").name == "fraud"
    assert Store(place("a")).name == Store(place("a"), name="fraud").name == "fraud"
    assert Store(place("b")).name == "b"
    with pytest.raises(StateError, match="is called 'fraud', and not 'spam'. Leave out the name, or"):
        Store(place("a"), name="spam")
    with pytest.raises(StateError, match="'a:b' cannot be a name in the store"):
        Store(place("c"), name="a:b")


def test_every_store_has_an_id_of_its_own(place: Callable[[str], Files]) -> None:
    assert Store(place("a")).id == Store(place("a")).id != Store(place("b")).id


def test_a_record_cannot_be_called_like_a_version(store: Store) -> None:
    with pytest.raises(StateError, match=r"cannot be called '1\.0', which is the form of versions"):
        commit(store, "1.0")


# Aliases


def test_an_alias_points_where_it_was_moved_to(family: Store, reopen: Callable[[], Files]) -> None:
    family.point("challenger", "1.2", expected=None)
    family.point("shadow", "b2", expected=None)
    family.point("challenger", "b2", expected="b1", why="fewer mistakes", evidence={"p": 0.01})
    for reader in (family, Store(reopen())):
        assert reader.aliases() == {"champion": "b0", "challenger": "b2", "shadow": "b2"}
        assert reader.find("challenger") == "b2"
        first, second = reader.alias_history("challenger")
        assert (first.id, first.replaced, first.why) == ("b1", None, "")
        assert (second.id, second.replaced, second.why) == ("b2", "b1", "fewer mistakes")
        assert (second.evidence, second.time) == ({"p": 0.01}, family.entries()[-1].time)
        assert reader.champion == "b0"


def test_an_alias_can_be_removed_and_made_again(family: Store) -> None:
    family.point("challenger", "b1", expected=None)
    family.point("challenger", None, expected="b1")
    assert family.aliases() == {"champion": "b0"}
    family.point("challenger", "b2", expected=None)
    assert [move.id for move in family.alias_history("challenger")] == ["b1", None, "b2"]
    assert family.alias_history("nobody") == []


def test_an_alias_that_is_there_already_is_not_written_again(family: Store) -> None:
    family.point("challenger", "b1", expected=None)
    number = family.head().number
    family.point("challenger", "b1", expected="whoever")
    family.point("shadow", None, expected="whoever")
    assert family.head().number == number


def test_who_expects_another_record_moves_no_alias(family: Store) -> None:
    family.point("challenger", "b1", expected=None)
    with pytest.raises(ConflictError, match="'challenger' was to be moved from nothing to b2, but it now points to b1"):
        family.point("challenger", "b2", expected=None)
    assert family.aliases()["challenger"] == "b1"


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        ("champion", r"moved by promotion and rollback alone: vernal promote, vernal rollback"),
        ("3.2", "'3.2' cannot be an alias, for it could be a version, or the beginning of an id"),
        ("beef", "'beef' cannot be an alias"),
        ("../x", "'../x' cannot be a name in the store"),
        ("a:b", "'a:b' cannot be a name in the store"),
        ("", "'' cannot be a name in the store"),
    ],
)
def test_names_that_mean_something_else_are_no_aliases(family: Store, alias: str, message: str) -> None:
    with pytest.raises(StateError, match=message):
        family.point(alias, "b1", expected=None)


def test_an_alias_of_nothing_is_not_found(family: Store) -> None:
    with pytest.raises(StateNotFound, match="No record is called '9.9'"):
        family.point("challenger", "9.9", expected=None)


def test_an_alias_survives_promotions_and_other_entries_in_between(
    family: Store, reopen: Callable[[], Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Store(reopen())
    appended = late._journal.appended

    def overtaken(*arguments: object) -> bool:
        monkeypatch.setattr(late._journal, "appended", appended)
        family.promote("b1", expected="b0")
        return appended(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(late._journal, "appended", overtaken)
    late.point("shadow", "b2", expected=None)
    assert late.aliases() == {"champion": "b1", "shadow": "b2"}


# Promotion and rollback


def test_a_promotion_says_why(family: Store) -> None:
    family.promote("2.0", expected="b0", why="+2 points", evidence={"n": 500})
    commit(family, "c0")
    assert [(m.kind, m.id, m.replaced, m.why, m.evidence) for m in family.alias_history("champion")] == [
        ("update", "a0", None, "", {}),
        ("update", "b0", "a0", "", {}),
        ("promote", "b2", "b0", "+2 points", {"n": 500}),
        ("update", "c0", "b2", "", {}),
    ]


def test_a_rollback_goes_to_the_champion_before_and_never_forward(family: Store, reopen: Callable[[], Files]) -> None:
    family.promote("b1", expected="b0")
    assert family.rollback(expected="b1", why="false alarms") == Head(6, "b0")
    assert family.rollback(expected="b0") == Head(7, "a0")
    with pytest.raises(StateNotFound, match="There is no earlier champion to go back to"):
        Store(reopen()).rollback(expected="a0")
    commit(family, "c0")
    assert family.rollback(expected="c0").champion == "a0"
    moves = family.alias_history("champion")
    assert [move.id for move in moves if move.kind == "rollback"] == ["b0", "a0", "a0"]
    assert moves[-4].why == "false alarms"


def test_a_rollback_may_skip_champions(family: Store) -> None:
    family.promote("b1", expected="b0")
    assert family.rollback("1.0", expected="b1").champion == "a0"


@pytest.mark.parametrize("key", ["b2", "b0"])
def test_only_to_earlier_champions_can_be_gone_back(family: Store, key: str) -> None:
    with pytest.raises(StateNotFound, match=f"{key} is no earlier champion than b0. Earlier champions: a0. To make it"):
        family.rollback(key, expected="b0")


def test_a_rollback_from_another_champion_is_a_conflict(family: Store) -> None:
    with pytest.raises(ConflictError, match="a0 was to replace b1 as the champion, but the champion is now b0"):
        family.rollback(expected="b1")
    assert family.champion == "b0"


def test_what_is_learned_after_a_rollback_comes_from_the_old_model_and_memory(family: Store) -> None:
    family.rollback(expected="b0")
    assert family.record("champion")["artefacts"] == family.record("a0")["artefacts"]
    commit(family, "c0")
    assert [record["id"] for record in family.lineage("champion")] == ["a0", "c0"]


RACING = """
import sys
from vernal.base import ConflictError
from vernal.store import Store

store = Store(sys.argv[1])
verb, key = sys.argv[2:]
print("ready", flush=True)
input()
try:
    if verb == "promote":
        store.promote(key, expected="b0", why=key)
    else:
        store.point("challenger", key, expected=None, why=key)
    print("won")
except ConflictError as error:
    print(error)
"""


@pytest.mark.parametrize("verb", ["promote", "point"])
def test_of_several_that_move_the_same_alias_from_the_same_place_exactly_one_wins(local: Files, verb: str) -> None:
    store = Store(local)
    for id in ("a0", "b0"):
        commit(store, id)
    challengers = ["c0", "c1", "c2"]
    for id in challengers:
        store.commit(make_record(store, id), promote=False, parent="b0")
    outputs = race([[RACING, local.url, verb, id] for id in challengers])
    won = [id for id, output in zip(challengers, outputs, strict=True) if output == "won\n"]
    alias = "champion" if verb == "promote" else "challenger"
    assert won == [Store(local).aliases()[alias]]
    assert [move.why for move in store.alias_history(alias) if move.why] == won
    assert sum("is now" in output or "now points" in output for output in outputs) == 2
