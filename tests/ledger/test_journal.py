from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, update

from tests.store.doubles import race
from vernal.base import ConflictError, CorruptState, SystemClock
from vernal.ledger import ConnectionLost, Database, Entry, SqlJournal, encode_entry
from vernal.ledger.tables import JOURNAL

PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def write(database: Database, n: int, store: str = "fraud") -> SqlJournal:
    """A journal of n entries in which a0, a1, ... are the champions."""
    journal = read(database, store)
    for number in range(n):
        journal.append("promote", {"id": f"a{number}"}, champion=f"a{number}", after=number)
    return journal


def read(database: Database, store: str = "fraud") -> SqlJournal:
    return SqlJournal(database, store, SystemClock())


def overwrite(database: Database, number: int, data: bytes) -> None:
    """Change a row behind the journal's back."""
    with database.writing() as connection:
        connection.execute(update(JOURNAL).where(JOURNAL.c.number == number).values(data=data))


def remove(database: Database, number: int) -> None:
    with database.writing() as connection:
        connection.execute(JOURNAL.delete().where(JOURNAL.c.number == number))


def test_an_empty_journal_has_no_last_entry(database: Database) -> None:
    assert (read(database).last(), read(database).entries()) == (None, [])


def test_the_last_entry_names_the_champion(database: Database, reopen: Callable[[], Database]) -> None:
    write(database, 3)
    last = read(reopen()).last()
    assert last is not None
    assert (last.number, last.champion, last.kind) == (3, "a2", "promote")


def test_entries_come_back_as_they_were_written(database: Database, reopen: Callable[[], Database]) -> None:
    written = write(database, 3).entries()
    assert read(reopen()).entries() == written
    assert [entry.payload["id"] for entry in written] == ["a0", "a1", "a2"]
    assert read(reopen()).entries(after=2) == written[2:]


@settings(max_examples=30)
@given(payloads=st.lists(st.dictionaries(st.text(), PLAIN), max_size=4))
def test_any_plain_payload_survives(payloads: list[dict[str, Any]]) -> None:
    check_payloads(Database("sqlite://"), payloads)


def test_texts_that_databases_dislike_survive(database: Database) -> None:
    check_payloads(database, [{"\0": "\0"}, {"é": "\U0001f600"}, {"'; --": 'a"b'}])


def check_payloads(database: Database, payloads: list[dict[str, Any]]) -> None:
    for number, payload in enumerate(payloads):
        read(database).append("note", payload, champion=None, after=number)
    assert [entry.payload for entry in read(database).entries()] == payloads


def test_stores_that_share_a_database_do_not_see_one_another(database: Database) -> None:
    fraud, clicks = write(database, 2, "fraud"), write(database, 1, "clicks")
    assert (len(fraud.entries()), len(clicks.entries()), read(database, "other").last()) == (2, 1, None)


def test_who_decided_on_an_old_state_is_refused(database: Database) -> None:
    late = read(database)
    late.last()
    write(database, 2)
    for after in (0, 1, 3):
        with pytest.raises(ConflictError, match=f"entry {after + 1} has been written by another"):
            late.append("promote", {}, "b", after=after)
    assert not late.appended("promote", {}, "b", after=0)
    assert late.appended("promote", {}, "b", after=2)


def test_of_two_that_write_the_same_number_one_wins(
    database: Database, reopen: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = read(reopen())
    monkeypatch.setattr(slow, "last", lambda: None)  # It looked before the other one wrote.
    write(database, 1)
    with pytest.raises(ConflictError, match="entry 1 has been written by another process"):
        slow.append("promote", {}, "b", after=0)
    assert [entry.champion for entry in read(reopen()).entries()] == ["a0"]


@pytest.mark.parametrize("written", [True, False])
def test_an_answer_that_got_lost_is_no_conflict(
    database: Database, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    journal = write(database, 1)
    insert = journal._insert

    def lost_once(number: int, data: bytes) -> None:
        monkeypatch.undo()
        if written:
            insert(number, data)
        raise ConnectionLost

    monkeypatch.setattr(journal, "_insert", lost_once)
    journal.append("promote", {}, "b", after=1)
    assert [entry.champion for entry in read(database).entries()] == ["a0", "b"]


def test_new_entries_of_others_are_seen(database: Database, reopen: Callable[[], Database]) -> None:
    watching = read(reopen())
    for n in range(3):
        read(database).append("promote", {}, f"a{n}", after=n)
        last = watching.last()
        assert last is not None
        assert (last.champion, len(watching.entries())) == (f"a{n}", n + 1)


def test_each_entry_is_read_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    write(database, 5)
    journal, found = read(database), list[int]()
    following = journal._following

    def counted(before: Entry | None) -> list[Entry]:
        entries = following(before)
        found.extend(entry.number for entry in entries)
        return entries

    monkeypatch.setattr(journal, "_following", counted)
    for _ in range(3):
        journal.entries()
        journal.last()
    assert found == [1, 2, 3, 4, 5]


def test_entries_are_never_changed_and_never_removed(database_url: str) -> None:
    database, statements = Database(database_url), list[str]()
    write(database, 1)
    with database.writing() as connection:
        event.listen(connection.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    write(database, 1, "other")
    words = {statement.split()[0] for statement in statements}
    assert "INSERT" in words
    assert not words & {"UPDATE", "DELETE", "REPLACE"}


def test_a_changed_byte_is_found(database: Database, reopen: Callable[[], Database]) -> None:
    data = [encode_entry(entry) for entry in write(database, 2).entries()]
    for number, place in ((1, 40), (2, 40), (2, 0)):
        whole = data[number - 1]
        overwrite(database, number, whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CorruptState, match=rf"entry {number} of store fraud is damaged.*from a backup"):
            read(reopen()).entries()
        overwrite(database, number, whole)
    assert len(read(reopen()).entries()) == 2


def test_an_exchanged_entry_breaks_the_chain(database: Database) -> None:
    write(database, 3)
    other = write(Database("sqlite://"), 1).entries()[0]
    overwrite(database, 1, encode_entry(other))
    with pytest.raises(CorruptState, match=r"entry 2 of store fraud does not follow the entry"):
        read(database).entries()


def test_a_missing_entry_is_found_even_by_who_reads_the_last_only(database: Database) -> None:
    write(database, 3)
    remove(database, 2)
    with pytest.raises(CorruptState, match=r"1 of the 3 entries of store fraud are missing.*from a backup"):
        read(database).last()
    with pytest.raises(CorruptState, match=r"entry 2 of store fraud is missing"):
        read(database).entries()


def test_an_end_that_disappears_is_found_by_who_has_seen_it(database: Database) -> None:
    write(database, 3)
    journal = read(database)
    journal.last()
    remove(database, 3)
    with pytest.raises(CorruptState, match=r"entry 3 of store fraud is missing"):
        journal.entries()


APPENDING = """
import sys
from vernal.base import SystemClock
from vernal.ledger import Database, SqlJournal

journal = SqlJournal(Database(sys.argv[1]), "fraud", SystemClock())
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


def test_two_processes_that_append_without_a_pause_never_write_one_number_twice(database_url: str) -> None:
    outputs = race([[APPENDING, database_url, name] for name in "ab"])
    entries = read(Database(database_url)).entries()
    assert sum(map(int, outputs)) == len(entries)
    for name, output in zip("ab", outputs, strict=True):
        assert sum(entry.payload["by"] == name for entry in entries) == int(output)
