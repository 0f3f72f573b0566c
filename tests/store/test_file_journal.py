from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.doubles import overwrite, race
from vernal.base import ConflictError, CorruptState, SchemaTooNew, SystemClock, canonical_json, digest
from vernal.store import FileJournal, Files, open_files

PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def write(files: Files, n: int) -> FileJournal:
    """A journal of n entries in which a0, a1, ... are the champions."""
    journal = FileJournal(files, SystemClock())
    for number in range(n):
        journal.append("promote", {"id": f"a{number}"}, champion=f"a{number}", after=number)
    return journal


def read(files: Files) -> FileJournal:
    return FileJournal(files, SystemClock())


def test_an_empty_journal_has_no_last_entry(files: Files) -> None:
    assert (read(files).last(), read(files).entries()) == (None, [])


def test_the_last_entry_names_the_champion(files: Files, reopen: Callable[[], Files]) -> None:
    write(files, 3)
    last = read(reopen()).last()
    assert last is not None
    assert (last.number, last.champion, last.kind) == (3, "a2", "promote")


def test_entries_come_back_as_they_were_written(files: Files, reopen: Callable[[], Files]) -> None:
    written = write(files, 3).entries()
    assert read(reopen()).entries() == written
    assert [entry.payload["id"] for entry in written] == ["a0", "a1", "a2"]
    assert read(reopen()).entries(after=2) == written[2:]


@settings(max_examples=30)
@given(payloads=st.lists(st.dictionaries(st.text(), PLAIN), max_size=4))
def test_any_plain_payload_survives(payloads: list[dict[str, Any]]) -> None:
    files = open_files(f"memory://payloads/{digest(payloads)}")
    for number, payload in enumerate(payloads):
        read(files).append("note", payload, champion=None, after=number)
    assert [entry.payload for entry in read(files).entries()] == payloads


def test_who_decided_on_an_old_state_is_refused(files: Files, reopen: Callable[[], Files]) -> None:
    late = read(reopen())
    late.last()
    write(files, 2)
    for after in (0, 1, 3):
        with pytest.raises(ConflictError, match=f"entry {after + 1} has been written by another"):
            late.append("promote", {}, "b", after=after)
    assert not late.appended("promote", {}, "b", after=0)
    assert late.appended("promote", {}, "b", after=2)


def test_of_two_that_write_the_same_number_one_wins(
    files: Files, reopen: Callable[[], Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = read(reopen())
    monkeypatch.setattr(slow, "last", lambda: None)  # It looked before the other one wrote.
    write(files, 1)
    with pytest.raises(ConflictError, match="entry 1 has been written by another process"):
        slow.append("promote", {}, "b", after=0)
    assert [entry.champion for entry in read(reopen()).entries()] == ["a0"]


def test_an_answer_that_got_lost_is_no_conflict(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    create = files.create

    def repeated(path: str, data: bytes) -> None:
        create(path, data)
        create(path, data)

    monkeypatch.setattr(files, "create", repeated)
    assert write(files, 2).entries()[-1].number == 2


def test_new_entries_of_others_are_seen(files: Files, reopen: Callable[[], Files]) -> None:
    watching = read(reopen())
    for n in range(3):
        read(files).append("promote", {}, f"a{n}", after=n)
        last = watching.last()
        assert last is not None
        assert (last.champion, len(watching.entries())) == (f"a{n}", n + 1)


def test_each_entry_is_read_once(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, paths = write(files, 5), list[str]()
    original = files.read_many
    monkeypatch.setattr(files, "read_many", lambda wanted: paths.extend(wanted) or original(wanted))
    for _ in range(3):
        journal.entries()
    assert len(paths) == 5


def test_every_changed_byte_is_found(files: Files) -> None:
    write(files, 2)
    for number in (1, 2):
        path = f"journal/0000000{number}.json"
        data = files.read(path)
        for place in range(len(data)):
            overwrite(files, path, data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            with pytest.raises(CorruptState, match=rf"{path} is damaged.*from a backup"):
                read(files).entries()
        overwrite(files, path, data)
    assert len(read(files).entries()) == 2


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: b"", lambda data: data + b"\n"])
def test_cut_and_lengthened_entries_are_found(files: Files, change: Callable[[bytes], bytes]) -> None:
    write(files, 1)
    overwrite(files, "journal/00000001.json", change(files.read("journal/00000001.json")))
    with pytest.raises(CorruptState, match="is damaged"):
        read(files).last()


def test_an_exchanged_entry_breaks_the_chain(files: Files, reopen: Callable[[], Files], local: Files) -> None:
    write(files, 3)
    write(local, 1)
    overwrite(files, "journal/00000001.json", local.read("journal/00000001.json"))
    with pytest.raises(CorruptState, match=r"00000002.json does not follow the entry"):
        read(reopen()).entries()


def test_an_entry_under_another_number_is_found(files: Files, reopen: Callable[[], Files]) -> None:
    write(files, 2)
    overwrite(files, "journal/00000002.json", files.read("journal/00000001.json"))
    with pytest.raises(CorruptState, match=r"00000002.json holds entry 1"):
        read(reopen()).last()


def test_a_missing_entry_is_found_even_by_who_reads_the_last_only(files: Files, reopen: Callable[[], Files]) -> None:
    write(files, 3)
    files.remove("journal/00000002.json")
    with pytest.raises(CorruptState, match=r"00000002.json is missing.*from a backup"):
        read(reopen()).last()


def test_an_entry_that_disappears_while_it_is_read_is_found(files: Files, reopen: Callable[[], Files]) -> None:
    write(files, 3)
    journal = read(reopen())
    journal.last()
    files.remove("journal/00000001.json")
    with pytest.raises(CorruptState, match=r"00000001.json is missing"):
        journal.entries()


def test_a_listing_that_missed_a_file_is_not_believed(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    write(files, 3)
    listed = [path for path in files.list("journal") if "2" not in path]
    monkeypatch.setattr(files, "list", lambda prefix: iter(listed))
    assert len(read(files).entries()) == 3


def test_other_files_in_the_folder_do_no_harm(files: Files) -> None:
    write(files, 2)
    for name in ("README.md", "00000003.json~", "3.json", ".DS_Store"):
        files.write(f"journal/{name}", b"?")
    assert len(read(files).entries()) == 2


def test_an_entry_of_a_later_schema_is_not_guessed_at(files: Files) -> None:
    write(files, 1)
    facts = json.loads(files.read("journal/00000001.json"))
    del facts["checksum"]
    facts["schema_version"] = 2
    later = canonical_json({**facts, "checksum": digest(facts)})
    overwrite(files, "journal/00000001.json", later)
    with pytest.raises(SchemaTooNew, match=r"schema 2, .* reads up to 1. Run: pip install --upgrade"):
        read(files).last()


APPENDING = """
import sys
from vernal.base import ConflictError, SystemClock
from vernal.store import FileJournal, open_files

journal = FileJournal(open_files(sys.argv[1]), SystemClock())
print("ready", flush=True)
input()
won = 0
while True:
    last = journal.last()
    number = last.number if last else 0
    if number >= 40:
        break
    won += journal.appended("note", {"by": sys.argv[2]}, None, after=number)
print(won)
"""


def test_two_processes_that_append_without_a_pause_never_write_one_number_twice(local: Files) -> None:
    outputs = race([[APPENDING, local.url, name] for name in "ab"])
    entries = read(local).entries()
    assert sum(map(int, outputs)) == len(entries)
    for name, output in zip("ab", outputs, strict=True):
        assert sum(entry.payload["by"] == name for entry in entries) == int(output)
