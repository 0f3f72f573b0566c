"""What loops keep is removed when nobody can want it again, and not before."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tests.store.doubles import make_record
from vernal.base import ConflictError, SystemClock
from vernal.ledger import Label, Leases, Loops, Outcomes, Prediction
from vernal.store import LoopGarbage, Store, collect_from_loops, read_inboxes

YEAR = timedelta(days=365)
NOW = time.time()
LONG_AGO = NOW - 400 * 86_400.0


@pytest.fixture(params=["embedded", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(tmp_path / "store", ledger=request.param)


def put(store: Store, name: str, at: float = LONG_AGO, loop: str = "main") -> Path:
    """A table of ten bytes that was written at a time."""
    path = store.inbox(loop) / name
    path.write_bytes(b"0123456789")
    os.utime(path, (at, at))
    return path


def piece(path: Path, since: float | None = LONG_AGO) -> dict[str, Any]:
    return {"files": [str(path)], "since": since}


def write_down(store: Store, state: Mapping[str, Any], loop: str = "main") -> None:
    empty = {"raw": [], "ready": [], "aside": [], "learned": [], "doing": None}
    Loops(store.database(), store.id).step(loop, 0, empty | state)


def outcomes_of(store: Store) -> Outcomes:
    """Two predictions with their labels, one of them of long ago."""
    outcomes = Outcomes(store.database(), store.id)
    outcomes.predicted([Prediction("old", LONG_AGO, "1.0", 1), Prediction("young", NOW, "1.0", 1)])
    outcomes.labelled([Label("old", LONG_AGO + 1, 1), Label("young", NOW, 1)])
    return outcomes


def test_a_table_that_anything_names_stays(store: Store) -> None:
    names = ("raw", "ready", "aside", "learned", "doing", "elsewhere", "recorded", "nobody's")
    raw, ready, aside, learned, doing, elsewhere, recorded, nobodys = (put(store, f"{one}.parquet") for one in names)
    pieces = {name: [piece(path)] for name, path in [("raw", raw), ("ready", ready), ("learned", learned)]}
    write_down(store, pieces | {"aside": [piece(aside)], "doing": {"files": [str(doing)]}})
    write_down(store, {"of a later version": {"anywhere": [{"deep": str(elsewhere)}]}}, loop="other")
    record = make_record(store, "a0") | {"chunk": {"files": [str(recorded)]}}  # In no lineage of an alias.
    store.commit(record, promote=False, parent=None)
    assert read_inboxes(store).unnamed == (nobodys,)
    assert collect_from_loops(store, YEAR) == LoopGarbage((nobodys,), 10, 0)
    assert {path.stem for path in store.inbox("main").iterdir()} == {*names} - {"nobody's"}


def test_a_young_table_may_be_named_in_a_moment(store: Store) -> None:
    young, old = put(store, "young.parquet", at=NOW), put(store, "old.parquet", loop="other")
    left = put(store, ".kafka-12.ab.tmp")
    assert collect_from_loops(store, YEAR).tables == (left, old)
    assert read_inboxes(store).tables == read_inboxes(store).unnamed == (young,)


def test_a_store_that_was_moved_names_its_tables_still(store: Store, tmp_path: Path) -> None:
    path = put(store, "waits.parquet")
    write_down(store, {"ready": [piece(path)]})
    moved = Store((tmp_path / "store").rename(tmp_path / "moved"))
    assert collect_from_loops(moved, YEAR).tables == ()


def test_old_predictions_and_labels_are_removed(store: Store) -> None:
    outcomes = outcomes_of(store)
    assert collect_from_loops(store, YEAR).outcomes == 2
    assert outcomes.known(["old", "young"], at=NOW) == {"young": 1}


@pytest.mark.parametrize(("since", "removed"), [(LONG_AGO, 0), (None, 0), (NOW, 2)], ids=["old", "unknown", "young"])
def test_labels_stay_while_a_row_may_wait_for_them(store: Store, since: float | None, removed: int) -> None:
    outcomes_of(store)
    write_down(store, {"raw": [piece(put(store, "raw.parquet"), since)]})
    assert collect_from_loops(store, YEAR).outcomes == removed


def test_of_the_state_of_a_later_version_only_names_are_known(store: Store) -> None:
    outcomes_of(store)
    path = put(store, "waits.parquet")
    Loops(store.database(), store.id).step("main", 0, {"waiting": {"web": [str(path)]}})
    assert collect_from_loops(store, YEAR) == LoopGarbage((), 0, 0)


def test_where_no_loop_was_nothing_is_made_and_nothing_removed(tmp_path: Path) -> None:
    fsspec.filesystem("memory").store.clear()
    for store in (Store(tmp_path / "store", ledger="files"), Store(f"memory://{tmp_path.name}/store")):
        assert collect_from_loops(store, YEAR) == LoopGarbage((), 0, 0)
    assert not (tmp_path / "store" / "ledger.db").exists()


def test_what_a_loop_at_work_has_read_and_not_named_yet_stays(store: Store) -> None:
    path = put(store, "just-read.parquet")
    at_work = Leases(store.database(), store.id, "a loop", SystemClock())
    assert at_work.take("main", 60)
    with pytest.raises(ConflictError, match="Loop 'main' is at work"):
        collect_from_loops(store, YEAR)
    assert path.exists()
    at_work.release("main")
    assert collect_from_loops(store, YEAR).tables == (path,)
    assert at_work.take("main", 60)
