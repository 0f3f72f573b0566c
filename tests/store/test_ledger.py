from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import StateNotFound
from vernal.store import Entry
from vernal.store.ledger import Ledger


def ledger_of(*changes: tuple[str, Mapping[str, Any], str | None]) -> Ledger:
    ledger = Ledger()
    for number, (kind, payload, champion) in enumerate(changes, start=1):
        ledger.apply(Entry(number, kind, champion, payload, time="", previous=""))
    return ledger


def update(id: str, parent: str | None, champion: str | None) -> tuple[str, dict[str, Any], str | None]:
    facts = {"id": id, "name": f"name-{id}", "request": "r", "parent": parent, "record": "0" * 64}
    return "update", facts, champion


@pytest.fixture
def family() -> Ledger:
    """5b20 <- 7c1e <- 6f9a, and 7cff beside the last."""
    return ledger_of(
        update("5b20", None, "5b20"),
        update("7c1e", "5b20", "7c1e"),
        update("7cff", "7c1e", "7c1e"),
        update("6f9a", "7c1e", "6f9a"),
    )


@pytest.mark.parametrize(("key", "id"), [("5b20", "5b20"), ("5", "5b20"), ("7c1", "7c1e"), ("champion", "6f9a")])
def test_a_record_is_found_by_any_beginning_that_only_it_has(family: Ledger, key: str, id: str) -> None:
    assert family.find(key).id == id


def test_a_whole_id_is_found_even_if_another_begins_with_it() -> None:
    ledger = ledger_of(update("7c", None, None), update("7c1e", None, None))
    assert ledger.find("7c").id == "7c"


def test_a_beginning_that_several_have_is_refused(family: Ledger) -> None:
    with pytest.raises(StateNotFound, match="'7c' is the beginning of 2 records: 7c1e, 7cff. Write more"):
        family.find("7c")


@pytest.mark.parametrize("key", ["6f9b", ""])
def test_an_unknown_record_comes_with_a_suggestion(family: Ledger, key: str) -> None:
    with pytest.raises(StateNotFound, match=f"No record is called '{key}'. .*6f9a.*champion"):
        family.find(key)


def test_no_champion_is_said() -> None:
    with pytest.raises(StateNotFound, match="There is no champion yet. Run a first update"):
        Ledger().find("champion")


def test_a_lineage_goes_from_the_root_to_the_record(family: Ledger) -> None:
    assert [one.id for one in family.lineage(family.find("6f9a"))] == ["5b20", "7c1e", "6f9a"]
    assert [one.id for one in family.lineage(family.find("5b20"))] == ["5b20"]


def test_records_are_found_by_name(family: Ledger) -> None:
    found = family.by_name("name-7cff")
    assert found is not None
    assert found.id == "7cff"
    assert family.by_name("name-0000") is None


def test_the_champion_is_that_of_the_last_entry_whatever_its_kind(family: Ledger) -> None:
    family.apply(Entry(5, "something of a later vernal", "5b20", {}, time="", previous=""))
    assert (family.number, family.champion) == (5, "5b20")


def test_what_is_condemned_is_so_until_it_is_collected() -> None:
    condemned = ("collect", {"blobs": ["a", "b"]}, None)
    assert ledger_of(condemned).condemned == {"a", "b"}
    assert ledger_of(condemned, ("collected", {}, None)).condemned == set()


@given(chains=st.lists(st.integers(1, 5), max_size=5))
def test_resolving_ends_at_what_was_not_replaced(chains: list[int]) -> None:
    steps = [
        ("erase", {"replaced": {f"{chain}.{i}": f"{chain}.{i + 1}"}}, None)
        for chain, length in enumerate(chains)
        for i in range(length)
    ]
    ledger = ledger_of(*steps)
    for chain, length in enumerate(chains):
        assert {ledger.resolve(f"{chain}.{i}") for i in range(length + 1)} == {f"{chain}.{length}"}
    assert ledger.erased_at == len(steps)
