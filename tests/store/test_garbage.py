from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.store.doubles import commit, make_record, state_of
from vernal.base import ConflictError, StateNotFound
from vernal.store import Files, Garbage, Store
from vernal.store.garbage import Collector

NOW = timedelta(0)

HISTORIES = ["files", "embedded", "postgresql"]


def test_a_clean_store_has_no_garbage(store: Store, files: Files) -> None:
    for id in ("a", "b"):
        commit(store, id)
    before = state_of(files)
    assert store.gc(NOW) == Garbage([], [], 0)
    assert state_of(files) == before


def test_exactly_the_orphans_go(store: Store, files: Files) -> None:
    for id, promote in (("a", True), ("b", True), ("rejected", False)):
        commit(store, id, promote)
    store.promote("a", expected="b")
    blobs = set(store.blobs)
    orphans = {store.blobs.put(data): len(data) for data in (b"1", b"22", b"333")}
    assert store.gc(NOW) == Garbage(sorted(orphans), [], 6)
    assert set(store.blobs) == blobs
    assert store.verify() == []
    assert store.champion == "a"
    assert [entry.kind for entry in store.entries()][-2:] == ["collect", "collected"]


def test_unfinished_work_of_a_finished_update_goes_at_any_age_and_other_stays(store: Store) -> None:
    commit(store, "killed")
    for name in ("killed", "running"):
        (store.scratch(name) / "checkpoint").write_bytes(b"half")
    assert store.gc() == Garbage([], ["scratch/killed"], 0)
    assert store.unfinished() == ["running"]


def test_an_update_that_is_about_to_discard_its_unfinished_work_is_left_to_it(store: Store) -> None:
    commit(store, "a")
    store.scratch("a")
    with store.lock("a"):
        assert store.gc() == Garbage([], [], 0)
    assert store.gc() == Garbage([], ["scratch/a"], 0)


def test_aliases_the_inbox_and_what_was_rolled_back_stay(store: Store) -> None:
    commit(store, "a0")
    commit(store, "b0")
    commit(store, "c0", promote=False)
    store.point("challenger", "c0", expected=None)
    store.rollback(expected="b0")
    (store.inbox("nightly") / "rows.parquet").write_bytes(b"not learned yet")
    orphan = store.blobs.put(b"orphan")
    assert store.gc(NOW) == Garbage([orphan], [], 6)
    assert (store.inbox("nightly") / "rows.parquet").read_bytes() == b"not learned yet"
    assert store.aliases() == {"champion": "a0", "challenger": "c0"}
    assert [record["id"] for record in store.records()] == ["a0", "b0", "c0"]
    assert store.verify() == []


def test_young_orphans_stay(store: Store) -> None:
    young = store.blobs.put(b"of an update that is running")
    assert store.gc().blobs == []
    assert young in store.blobs


def test_old_orphans_go(local: Files) -> None:
    store = Store(local)
    old, young = store.blobs.put(b"old"), store.blobs.put(b"young")
    os.utime(store.blobs.path(old), (0, 0))
    assert store.gc().blobs == [old]
    assert young in store.blobs


def test_temporary_files_of_killed_processes_go_when_they_are_old(local: Files) -> None:
    store = Store(local)
    commit(store, "a")
    paths = ["blobs/.vernal-1.tmp", "journal/.vernal-2.tmp", "journal/.vernal-3.tmp"]
    (local.folder / "journal").mkdir(exist_ok=True)
    for path in paths:
        (local.folder / path).write_bytes(b"half")
    for path in paths[:2]:
        os.utime(local.folder / path, (0, 0))
    assert store.gc().files == paths[:2]
    assert [*local.leftovers("journal")] == paths[2:]


def test_what_took_the_place_of_an_erased_blob_is_needed(store: Store) -> None:
    commit(store, "a")
    old = store.record("a")["artefacts"]["memory"]["needs"][0]
    orphan, new = store.blobs.put(b"orphan"), store.blobs.put(b"new")
    store.replace_blobs({old: new}, {}, after=1)
    assert store.gc(NOW).blobs == [orphan]
    assert new in store.blobs
    assert store.verify() == []


def test_an_erasure_that_was_cut_off_is_completed(store: Store) -> None:
    commit(store, "a")
    old = store.record("a")["artefacts"]["memory"]["needs"][0]
    data = store.blobs.get(old)
    store.replace_blobs({old: store.blobs.put(b"new")}, {}, after=1)
    store.blobs.put(data)
    store.gc()
    assert old not in store.blobs


def test_a_commit_that_needs_what_is_being_collected_is_refused_and_then_succeeds(
    store: Store, reopen: Callable[[], Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, "base", promote=False)
    running = Store(reopen())
    record = make_record(running, "a")

    def killed(self: Collector) -> dict[str, int]:
        if self._registry().condemned:
            raise KeyboardInterrupt
        return {}

    with monkeypatch.context() as patched:
        patched.setattr(Collector, "_remove_condemned", killed)
        with pytest.raises(KeyboardInterrupt):
            store.gc(NOW)
    with pytest.raises(ConflictError, match="A garbage collection is removing blob .* Wait until"):
        running.commit(record, True, None)
    old, new = running.record("base")["artefacts"]["model"]["blob"], record["artefacts"]["model"]["blob"]
    with pytest.raises(ConflictError, match="A garbage collection is removing blob"):
        running.replace_blobs({old: new}, {}, after=running.head().number)
    assert len(store.gc(NOW).blobs) == 4  # What was condemned, and the record of the refused commit.
    with pytest.raises(StateNotFound, match="is not in .* run the update again"):
        running.commit(record, True, None)
    commit(running, "a")
    assert store.verify() == []


def test_a_commit_in_the_midst_of_a_collection_is_seen(
    store: Store, reopen: Callable[[], Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Store(reopen())
    record = make_record(running, "a")
    orphan = store.blobs.put(b"orphan")
    appended = store._journal.appended

    def overtaken(*arguments: object) -> bool:
        running.commit(record, True, None)
        return appended(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store._journal, "appended", overtaken)
    assert store.gc(NOW).blobs == [orphan]
    assert store.verify() == []
    assert store.record("champion") == record


def test_what_is_gone_need_not_be_remembered_as_verified(local: Files) -> None:
    store = Store(local)
    commit(store, "a")
    orphan = store.blobs.put(b"orphan")
    verified = local.folder / "verified.txt"
    assert orphan in verified.read_text()
    store.gc(NOW)
    assert {line.split()[0] for line in verified.read_text().splitlines()} == set(store.blobs)


def test_one_collection_at_a_time(store: Store, reopen: Callable[[], Files]) -> None:
    with store.lock("gc"), pytest.raises(ConflictError, match="'gc' is being worked on"):
        Store(reopen()).gc()
