from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import StateNotFound
from vernal.store import Entry
from vernal.store.registry import Registry


def registry_of(*changes: tuple[str, Mapping[str, Any], str | None]) -> Registry:
    registry = Registry()
    for number, (kind, payload, champion) in enumerate(changes, start=1):
        registry.apply(Entry(number, kind, champion, payload, time="", previous=""))
    return registry


def update(id: str, parent: str | None, champion: str | None) -> tuple[str, dict[str, Any], str | None]:
    facts = {"id": id, "name": f"name-{id}", "request": "r", "parent": parent, "record": "0" * 64}
    return "update", facts, champion


@pytest.fixture
def family() -> Registry:
    """5b20 <- 7c1e <- 6f9a, and 7cff beside the last."""
    return registry_of(
        update("5b20", None, "5b20"),
        update("7c1e", "5b20", "7c1e"),
        update("7cff", "7c1e", "7c1e"),
        update("6f9a", "7c1e", "6f9a"),
    )


@pytest.mark.parametrize(("key", "id"), [("5b20", "5b20"), ("5", "5b20"), ("7c1", "7c1e"), ("champion", "6f9a")])
def test_a_record_is_found_by_any_beginning_that_only_it_has(family: Registry, key: str, id: str) -> None:
    assert family.find(key).id == id


def test_a_whole_id_is_found_even_if_another_begins_with_it() -> None:
    registry = registry_of(update("7c", None, None), update("7c1e", None, None))
    assert registry.find("7c").id == "7c"


def test_a_beginning_that_several_have_is_refused(family: Registry) -> None:
    with pytest.raises(StateNotFound, match="'7c' is the beginning of 2 records: 7c1e, 7cff. Write more"):
        family.find("7c")


@pytest.mark.parametrize("key", ["6f9b", ""])
def test_an_unknown_record_comes_with_a_suggestion(family: Registry, key: str) -> None:
    with pytest.raises(StateNotFound, match=f"No record is called '{key}'. .*6f9a.*champion"):
        family.find(key)


def test_no_champion_is_said() -> None:
    with pytest.raises(StateNotFound, match="There is no champion yet. Run a first update"):
        Registry().find("champion")


def test_a_lineage_goes_from_the_root_to_the_record(family: Registry) -> None:
    assert [one.id for one in family.lineage(family.find("6f9a"))] == ["5b20", "7c1e", "6f9a"]
    assert [one.id for one in family.lineage(family.find("5b20"))] == ["5b20"]


def test_records_are_found_by_name(family: Registry) -> None:
    found = family.by_name("name-7cff")
    assert found is not None
    assert found.id == "7cff"
    assert family.by_name("name-0000") is None


def test_the_champion_is_that_of_the_last_entry_whatever_its_kind(family: Registry) -> None:
    family.apply(Entry(5, "something of a later vernal", "5b20", {}, time="", previous=""))
    assert (family.number, family.champion) == (5, "5b20")


def test_what_is_condemned_is_so_until_it_is_collected() -> None:
    condemned = ("collect", {"blobs": ["a", "b"]}, None)
    assert registry_of(condemned).condemned == {"a", "b"}
    assert registry_of(condemned, ("collected", {}, None)).condemned == set()


@given(chains=st.lists(st.integers(1, 5), max_size=5))
def test_resolving_ends_at_what_was_not_replaced(chains: list[int]) -> None:
    steps = [
        ("erase", {"replaced": {f"{chain}.{i}": f"{chain}.{i + 1}"}}, None)
        for chain, length in enumerate(chains)
        for i in range(length)
    ]
    registry = registry_of(*steps)
    for chain, length in enumerate(chains):
        assert {registry.resolve(f"{chain}.{i}") for i in range(length + 1)} == {f"{chain}.{length}"}
    assert registry.erased_at == len(steps)


# Versions


def begun(id: str, parent: str | None, champion: str | None) -> tuple[str, dict[str, Any], str | None]:
    """An update of another architecture, or from scratch."""
    kind, facts, _ = update(id, parent, champion)
    return kind, {**facts, "major": True}, champion


def versions_of(registry: Registry) -> dict[str, str]:
    return {id: str(version) for id, version in registry.versions.items()}


def test_versions_count_beginnings_and_what_was_learned_since() -> None:
    registry = registry_of(
        update("a", None, "a"),
        update("b", "a", "b"),
        begun("c", "b", "c"),
        update("d", "c", "d"),
        update("e", "b", "d"),
        update("f", None, "d"),
    )
    assert versions_of(registry) == {"a": "1.0", "b": "1.1", "c": "2.0", "d": "2.1", "e": "1.2", "f": "3.0"}


def test_several_challengers_of_one_parent_get_different_versions(family: Registry) -> None:
    assert versions_of(family) == {"5b20": "1.0", "7c1e": "1.1", "7cff": "1.2", "6f9a": "1.3"}


@pytest.mark.parametrize(("key", "id"), [("1.0", "5b20"), ("1.3", "6f9a")])
def test_a_record_is_found_by_its_version(family: Registry, key: str, id: str) -> None:
    assert family.find(key).id == id


@pytest.mark.parametrize("key", ["1.4", "2.0", "01.0", "1", "1."])
def test_a_version_that_was_not_given_is_not_found(family: Registry, key: str) -> None:
    with pytest.raises(StateNotFound, match=rf"No record is called '{key}'. .*1\.3"):
        family.find(key)


@given(commits=st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=30))
def test_versions_are_unique_keep_to_their_line_and_never_change(commits: list[tuple[int, bool]]) -> None:
    registry, given = Registry(), dict[str, str]()
    for number, (pick, major) in enumerate(commits, start=1):
        parent = None if number == 1 or pick == 0 else f"r{1 + pick % (number - 1)}"
        kind, facts, _ = update(f"r{number}", parent, None)
        registry.apply(Entry(number, kind, None, {**facts, "major": major}, time="", previous=""))
        version = registry.versions[f"r{number}"]
        if major or parent is None:
            assert (version.major, version.minor) == (1 + max([0, *(int(v.split(".")[0]) for v in given.values())]), 0)
        else:
            assert version.major == registry.versions[parent].major
            assert version.minor > registry.versions[parent].minor
        given[f"r{number}"] = str(version)
        assert versions_of(registry) == given
    assert len({*given.values()}) == len(given)


# Aliases and the way of the champion


def pointed(alias: str, id: str | None, champion: str) -> tuple[str, dict[str, Any], str | None]:
    return "alias", {"alias": alias, "id": id, "why": "tried"}, champion


def promoted(id: str) -> tuple[str, dict[str, Any], str | None]:
    return "promote", {"id": id, "why": "better"}, id


def test_a_record_is_found_by_an_alias_as_long_as_there_is_one() -> None:
    changes = [update("a", None, "a"), update("b", "a", "a"), pointed("shadow", "a", "a"), pointed("shadow", "b", "a")]
    registry = registry_of(*changes)
    assert registry.find("shadow").id == "b"
    assert registry.champion == "a"
    gone = registry_of(*changes, pointed("shadow", None, "a"))
    with pytest.raises(StateNotFound, match="No record is called 'shadow'"):
        gone.find("shadow")
    assert [(move.id, move.replaced, move.why) for move in gone.moves["shadow"]] == [
        ("a", None, "tried"),
        ("b", "a", "tried"),
        (None, "b", "tried"),
    ]


def test_the_way_of_the_champion_forgets_what_was_gone_back_from() -> None:
    ways = []
    registry = Registry()
    line = [update("a", None, "a"), update("b", "a", "b"), update("c", "b", "c"), promoted("b"), update("d", "b", "d")]
    for number, (kind, payload, champion) in enumerate([*line, promoted("c"), promoted("a")], start=1):
        registry.apply(Entry(number, kind, champion, payload, time="", previous=""))
        ways.append("".join(registry.path))
    assert ways == ["a", "ab", "abc", "ab", "abd", "abdc", "a"]
    assert [(move.kind, move.id, move.replaced) for move in registry.moves["champion"]][-2:] == [
        ("promote", "c", "d"),
        ("promote", "a", "c"),
    ]


@given(choices=st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_going_back_never_goes_forward(choices: list[int]) -> None:
    registry = Registry()
    for number, id in enumerate("abcde", start=1):
        kind, facts, _ = update(id, None, None)
        registry.apply(Entry(number, kind, registry.champion, facts, time="", previous=""))
    for number, choice in enumerate(choices, start=6):
        registry.apply(Entry(number, *promoted("abcde"[choice])[::2], promoted("abcde"[choice])[1], "", ""))
    seen = []
    while True:
        seen.append(registry.champion)
        try:
            earlier = registry.earlier()
        except StateNotFound:
            break
        registry.apply(Entry(registry.number + 1, "rollback", earlier, {"id": earlier}, "", ""))
    assert len({*seen}) == len(seen)
