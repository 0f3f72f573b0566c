from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.store.doubles import commit, make_record, overwrite, state_of
from vernal.base import ConflictError, CorruptState, SchemaTooNew, StateError, StateNotFound
from vernal.store import Files, Head, Store

HISTORIES = ["files", "embedded", "postgresql"]


class ClockOfHistory:
    def now(self) -> datetime:
        return datetime(1999, 12, 31, tzinfo=UTC)

    def seconds(self) -> float:
        return 0.0


# Opening


def test_a_new_store_is_empty(store: Store) -> None:
    assert (store.head(), store.champion, store.records(), store.entries()) == (Head(0, None), None, [], [])
    assert store.verify() == []


def test_a_store_is_found_again(store: Store, reopen: Callable[[], Files]) -> None:
    commit(store, "5b20")
    assert Store(reopen(), create=False).head() == Head(1, "5b20")


def test_a_store_that_is_not_there_is_not_found(files: Files) -> None:
    with pytest.raises(StateNotFound, match=r"There is no store at .*run a first update"):
        Store(files, create=False)
    assert files.is_empty()


@pytest.mark.parametrize("create", [True, False])
def test_a_folder_of_other_files_is_left_alone(files: Files, create: bool) -> None:
    files.write("notes/todo.txt", b"")
    with pytest.raises(StateError, match="holds other files and no vernal store. Name an empty folder"):
        Store(files, create=create)
    assert [*files.list("")] == ["notes/todo.txt"]


def test_a_place_in_which_a_store_was_being_made_is_empty_still(local: Files) -> None:
    local.folder.mkdir()
    (local.folder / ".vernal-killed.tmp").write_bytes(b'{"schema')
    assert Store(local).head() == Head(0, None)


def test_two_that_make_the_same_store_agree(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    create = files.create

    def late(path: str, data: bytes) -> None:
        create(path, data)
        create(path, data)

    monkeypatch.setattr(files, "create", late)
    assert Store(files).head() == Head(0, None)


def test_a_store_of_a_later_schema_is_not_guessed_at(store: Store, files: Files) -> None:
    overwrite(files, "vernal.json", b'{"schema_version":3}')
    with pytest.raises(SchemaTooNew, match="has schema 3, .* reads up to 2. Run: pip install --upgrade"):
        Store(files)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"{}", b"\xff", b'{"schema_version":null}', b'{"schema_version":"1"}']
)
def test_a_damaged_marker_is_named(store: Store, files: Files, damage: bytes) -> None:
    overwrite(files, "vernal.json", damage)
    with pytest.raises(CorruptState, match=r'vernal.json in .* is damaged. Copy it back .* {"schema_version":1} in it'):
        Store(files)


# Committing


def test_a_committed_record_is_read_as_it_was_written(store: Store, reopen: Callable[[], Files]) -> None:
    written = commit(store, "5b20", metrics={"accuracy": 0.9}, note="größer")
    for reader in (store, Store(reopen())):
        assert reader.record("5b20") == reader.record("5") == reader.record("champion") == written
        assert reader.records() == [written]


def test_what_a_caller_does_to_a_record_stays_with_the_caller(store: Store) -> None:
    record = make_record(store, "5b20", metrics={"accuracy": 0.9})
    store.commit(record, True, None)["metrics"]["accuracy"] = 0.1
    store.record("5b20")["metrics"].clear()
    record["metrics"].clear()
    assert store.record("5b20")["metrics"] == {"accuracy": 0.9}


def test_the_same_update_is_committed_once(store: Store, files: Files, reopen: Callable[[], Files]) -> None:
    first = commit(store, "5b20", note="first")
    before, state = files.bytes_written, state_of(files)
    again = Store(reopen())
    assert again.commit({**first, "note": "second"}, promote=True, parent="whoever") == first
    assert (files.bytes_written, state_of(files)) == (before, state)


def test_a_rejected_challenger_is_kept_and_the_champion_stays(store: Store) -> None:
    commit(store, "5b20")
    commit(store, "7c1e", promote=False)
    assert store.head() == Head(2, "5b20")
    assert [record["id"] for record in store.records()] == ["5b20", "7c1e"]


def test_a_champion_that_moved_is_a_conflict(store: Store, reopen: Callable[[], Files]) -> None:
    commit(store, "5b20")
    late = Store(reopen())
    record = make_record(late, "7c1e")
    commit(store, "6f9a")
    with pytest.raises(ConflictError) as error:
        late.commit(record, promote=True, parent="5b20")
    assert str(error.value) == (
        "Update 7c1e was trained from 5b20, but the champion is now 6f9a. Run it again from there."
    )
    assert store.head() == Head(2, "6f9a")


def test_a_first_update_that_was_not_the_first_is_a_conflict(store: Store) -> None:
    commit(store, "5b20")
    with pytest.raises(ConflictError, match="7c1e was trained from nothing, but the champion is now 5b20"):
        store.commit(make_record(store, "7c1e"), promote=True, parent=None)


def test_other_entries_in_between_are_no_conflict(
    store: Store, reopen: Callable[[], Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, "5b20")
    late = Store(reopen())
    record = make_record(late, "7c1e")
    appended = late._journal.appended

    def overtaken(*arguments: object) -> bool:
        monkeypatch.setattr(late._journal, "appended", appended)
        commit(store, "6f9a", promote=False)
        return appended(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(late._journal, "appended", overtaken)
    late.commit(record, promote=True, parent="5b20")
    assert [entry.payload["id"] for entry in store.entries()] == ["5b20", "6f9a", "7c1e"]
    assert store.champion == "7c1e"


def test_a_blob_that_was_not_put_is_refused(store: Store, files: Files) -> None:
    record = make_record(store, "5b20")
    record["artefacts"]["memory"]["needs"].append("0" * 64)
    with pytest.raises(StateNotFound, match="Blob 000000000000 is not in .* Put it there before you commit"):
        store.commit(record, True, None)
    assert store.head() == Head(0, None)


@pytest.mark.parametrize("parent", ["6f9a", "5b", "champion"])
def test_a_parent_that_is_not_the_whole_id_of_a_record_is_refused(store: Store, parent: str) -> None:
    commit(store, "5b20")
    with pytest.raises(StateNotFound, match=f"No record is called '{parent}', from which '7c1e'.* whole id"):
        store.commit(make_record(store, "7c1e"), promote=False, parent=parent)


def test_an_id_is_given_once(store: Store) -> None:
    commit(store, "5b20")
    with pytest.raises(ConflictError, match="Another record is called '5b20' already. Choose another"):
        commit(store, "5b20", name="another")


def test_the_time_of_an_entry_is_the_clocks(files: Files) -> None:
    store = Store(files, clock=ClockOfHistory())
    commit(store, "5b20")
    assert store.entries()[0].time == "1999-12-31T00:00:00+00:00"


# Finding


def test_lineage_names_and_requests(store: Store) -> None:
    for id in ("a", "b", "c"):
        commit(store, id, request="same")
    commit(store, "d", promote=False)
    assert [record["id"] for record in store.lineage("champion")] == ["a", "b", "c"]
    assert [record["id"] for record in store.lineage("d")] == ["a", "b", "c", "d"]
    assert (store.by_name("name-d") or {})["id"] == "d"
    assert store.by_name("name-e") is None
    assert (store.by_request("same") or {})["id"] == "c"
    assert store.by_request("request-d") is None  # Rejected: not what the champion has learned.


def test_an_empty_store_has_answered_no_request(store: Store) -> None:
    assert store.by_request("any") is None


# Promoting


def test_a_rollback_is_a_promotion_of_an_ancestor(store: Store, reopen: Callable[[], Files]) -> None:
    for id in ("a", "b"):
        commit(store, id)
    assert store.promote("a", expected="b") == Head(3, "a")
    assert Store(reopen()).champion == "a"
    assert store.by_request("request-b") is None
    commit(store, "c")
    assert [record["id"] for record in store.lineage("c")] == ["a", "c"]


def test_promoting_the_champion_writes_nothing(store: Store) -> None:
    commit(store, "a")
    assert store.promote("a", expected="whoever") == Head(1, "a")


def test_promoting_over_another_champion_is_a_conflict(store: Store) -> None:
    for id in ("a", "b"):
        commit(store, id)
    commit(store, "c", promote=False)
    with pytest.raises(ConflictError, match="c was to replace a as the champion, but the champion is now b"):
        store.promote("c", expected="a")


def test_promoting_what_is_not_there_is_not_found(store: Store) -> None:
    commit(store, "abc")
    with pytest.raises(StateNotFound, match="No record is called 'abd'. Did you mean 'abc'"):
        store.promote("abd", expected="abc")


# Erasing


def erase(store: Store, old: str, new: bytes = b"without the row") -> str:
    name = store.blobs.put(new)
    store.replace_blobs({old: name}, {"reason": "request 17"}, after=store.head().number)
    return name


def test_an_erased_blob_is_gone_and_all_records_read_on(store: Store, reopen: Callable[[], Files]) -> None:
    for id in ("a", "b"):
        commit(store, id)
    old = store.record("a")["artefacts"]["memory"]["needs"][0]
    copy = store.blobs.path(old)
    new = erase(store, old)
    for reader in (store, Store(reopen())):
        assert reader.resolve(old) == new
        assert old not in reader.blobs
        assert reader.blobs.get(reader.resolve(old)) == b"without the row"
        assert reader.head() == Head(3, "b")
        assert reader.verify() == []
    assert not copy.exists()
    assert store.entries()[-1].payload["reason"] == "request 17"


def test_an_erasure_that_is_done_again_completes_the_first(store: Store) -> None:
    commit(store, "a")
    old = store.record("a")["artefacts"]["memory"]["needs"][0]
    data, after = store.blobs.get(old), store.head().number
    new = erase(store, old)
    store.blobs.put(data)  # As if the process had been killed before it removed it.
    store.replace_blobs({old: new}, {}, after=after)
    assert old not in store.blobs
    assert store.head().number == 2


def test_an_erasure_from_an_old_state_is_a_conflict(store: Store) -> None:
    commit(store, "a")
    old = store.record("a")["artefacts"]["memory"]["needs"][0]
    new, after = store.blobs.put(b"without the row"), store.head().number
    commit(store, "b")
    with pytest.raises(ConflictError, match="has changed since it was read for the erasure .entry 1, now 2"):
        store.replace_blobs({old: new}, {}, after=after)
    assert old in store.blobs


def test_an_erasure_with_a_blob_that_was_not_put_is_refused(store: Store) -> None:
    commit(store, "a")
    old = store.record("a")["artefacts"]["memory"]["needs"][0]
    with pytest.raises(StateNotFound, match="Blob 000000000000 is not in"):
        store.replace_blobs({old: "0" * 64}, {}, after=1)
    assert old in store.blobs


def test_an_erasure_that_undoes_another_is_refused(store: Store) -> None:
    commit(store, "a")
    old = store.record("a")["artefacts"]["memory"]["needs"][0]
    data = store.blobs.get(old)
    new = erase(store, old)
    store.blobs.put(data)
    with pytest.raises(StateError, match="cannot take the place of another: it is erased itself"):
        store.replace_blobs({new: old}, {}, after=store.head().number)
    assert store.resolve(old) == new


def test_an_update_that_ran_during_an_erasure_is_a_conflict(store: Store, reopen: Callable[[], Files]) -> None:
    commit(store, "a")
    running = Store(reopen())
    pinned = running.head().number
    old = running.record("a")["artefacts"]["memory"]["needs"][0]
    shares, copies = make_record(running, "b"), make_record(running, "c")
    shares["artefacts"]["memory"]["needs"].append(old)
    erase(store, old)
    for record in (shares, copies):
        with pytest.raises(ConflictError, match="Rows were erased from the memory while the update ran"):
            running.commit(record, promote=True, parent="a", pinned=pinned)
    running.commit(copies, promote=True, parent="a", pinned=store.head().number)


# Working


def test_scratch_is_a_local_folder_until_it_is_discarded(store: Store, reopen: Callable[[], Files]) -> None:
    (store.scratch("7c1e") / "checkpoint").write_bytes(b"half")
    assert (Store(reopen()).scratch("7c1e") / "checkpoint").read_bytes() == b"half"
    store.discard_scratch("7c1e")
    store.discard_scratch("7c1e")
    assert [*store.scratch("7c1e").iterdir()] == []


def test_scratch_that_cannot_be_made_is_explained(store: Store, files: Files) -> None:
    (files.folder / "scratch").parent.mkdir(parents=True, exist_ok=True)
    (files.folder / "scratch").write_bytes(b"")
    with pytest.raises(StateError, match="working folder .* could not be made: .*Check your rights"):
        store.scratch("7c1e")


@pytest.mark.parametrize("verb", ["scratch", "discard_scratch", "lock"])
def test_names_do_not_lead_out_of_the_store(store: Store, verb: str) -> None:
    with pytest.raises(StateError, match="'../../x' cannot be a name in the store"):
        getattr(store, verb)("../../x")


def test_one_at_a_time_holds_a_lock(store: Store, reopen: Callable[[], Files]) -> None:
    other = Store(reopen())
    with store.lock("7c1e"), pytest.raises(ConflictError, match="'7c1e' is being worked on"), other.lock("7c1e"):
        pass


# Verifying


def test_every_changed_byte_of_a_store_is_found(store: Store, files: Files) -> None:
    commit(store, "5b20")
    for path, data in state_of(files).items():
        for place in range(0, len(data), 1 if len(data) < 60 else 41):
            overwrite(files, path, data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
            assert store.verify() != []
        overwrite(files, path, data)
    assert store.verify() == []


def test_every_missing_file_of_a_store_is_found(store: Store, files: Files) -> None:
    for id in ("5b20", "7c1e"):
        commit(store, id)
    last = "journal/00000002.json"  # Without it, this is simply the store before the last commit.
    for path, data in state_of(files).items():
        files.remove(path)
        assert (store.verify() != []) == (path != last)
        files.write(path, data)


def test_a_missing_marker_is_found(store: Store, files: Files) -> None:
    files.remove("vernal.json")
    (problem,) = store.verify()
    assert str(problem).startswith("vernal.json: is missing. Copy it back from a backup")


def test_problems_say_where_and_what_to_do(store: Store, files: Files) -> None:
    record = commit(store, "5b20")
    model = record["artefacts"]["model"]["blob"]
    files.remove(f"blobs/{model[:2]}/{model}")
    assert [*map(str, store.verify())] == [
        f"record 5b20: needs blob {model[:12]}, which is missing. Copy it back from a backup."
    ]


def test_a_damaged_record_is_an_error_where_it_is_read(store: Store, files: Files, reopen: Callable[[], Files]) -> None:
    commit(store, "5b20")
    name = store.entries()[0].payload["record"]
    overwrite(files, f"blobs/{name[:2]}/{name}", b"{}")
    with pytest.raises(CorruptState, match=f"Blob {name[:12]} in .* is damaged"):
        Store(reopen()).record("5b20")
    assert [str(problem)[:11] for problem in store.verify()] == ["blob " + name[:6]]
