from __future__ import annotations

from typing import Any

import pytest

from vernal.base import ConflictError, StateError
from vernal.store.records import blobs_of, check_blobs, check_name, check_record, check_replacement
from vernal.store.registry import Registry

RECORD: dict[str, Any] = {"id": "a", "name": "n", "request": "r", "artefacts": {}}


@pytest.mark.parametrize("field", RECORD)
def test_a_record_that_lacks_a_field_is_refused(field: str) -> None:
    lacking = {name: value for name, value in RECORD.items() if name != field}
    with pytest.raises(StateError, match=f"needs the fields .*; this one lacks {field}"):
        check_record(lacking)


def test_an_artefact_without_a_blob_is_refused() -> None:
    with pytest.raises(StateError, match="Artefact 'model' of record 'a' has no `blob`"):
        check_record({**RECORD, "artefacts": {"model": {"bytes": 3}}})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_a_record_that_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(StateError, match="Record 'a' cannot be written as JSON: .* None for what is not a number"):
        check_record({**RECORD, "loss": value})


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "-x", "ü", "a\n"])
def test_names_that_are_dangerous_as_files_are_refused(name: str) -> None:
    with pytest.raises(StateError, match="cannot be a name in the store. Use letters, digits"):
        check_name(name)


@pytest.mark.parametrize("name", ["a", "5b20", "2024-05-01_v1.2", "_"])
def test_ordinary_names_are_welcome(name: str) -> None:
    assert check_name(name) == name


def test_the_blobs_of_a_record_are_those_it_names_and_those_they_need() -> None:
    artefacts = {"model": {"blob": "m"}, "memory": {"blob": "i", "needs": ["s1", "s2"]}}
    assert blobs_of({**RECORD, "artefacts": artefacts}) == {"m", "i", "s1", "s2"}


def test_what_was_erased_cannot_come_back() -> None:
    registry = Registry(number=5, replaced={"old": "new"}, erased_at=4)
    check_blobs(registry, {"new", "other"}, pinned=4)
    check_blobs(registry, {"other"}, pinned=None)
    for blobs, pinned in [({"old"}, None), ({"old"}, 5), ({"other"}, 3)]:
        with pytest.raises(ConflictError, match="Rows were erased from the memory while .* Run it again"):
            check_blobs(registry, blobs, pinned)


def test_what_is_being_collected_cannot_be_committed() -> None:
    with pytest.raises(ConflictError, match="A garbage collection is removing blob a.* Wait until"):
        check_blobs(Registry(condemned={"a"}), {"a", "b"}, None)


@pytest.mark.parametrize("replaced", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "gone"}])
def test_an_erasure_in_a_circle_is_refused(replaced: dict[str, str]) -> None:
    with pytest.raises(StateError, match="cannot take the place of another: it is erased itself"):
        check_replacement(Registry(replaced={"gone": "x"}), replaced)


def test_an_erasure_from_what_is_erased_names_what_took_its_place() -> None:
    with pytest.raises(StateError, match="Blob gone has been erased before. .* took its place, x"):
        check_replacement(Registry(replaced={"gone": "x"}), {"gone": "y"})
