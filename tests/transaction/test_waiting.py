"""An erasure reaches what loops keep: rows in their tables, predictions and labels."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.store.doubles import make_record
from vernal.base import ConflictError, StateError, SystemClock
from vernal.ledger import Label, Leases, Outcomes, Prediction
from vernal.store import Store
from vernal.transaction import Erasure, erase, waiting

# Nothing that a compressed table could spell otherwise.
IDS = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(6)]
ERASED = IDS[1:3]


@pytest.fixture(params=["embedded", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Two loops have read some rows; one keeps tables of labels too, and one a table without ids."""
    store = Store(tmp_path / "store", ledger=request.param)
    put(store, "main", "rows", id=IDS, x=[*range(6)])
    put(store, "main", "labels", id=IDS[:2], y=[0, 1])
    put(store, "other", "rows", id=IDS[3:], x=[3, 4, 5])
    put(store, "other", "metrics", value=[0.5])
    outcomes = Outcomes(store.database(), store.id)
    outcomes.predicted(Prediction(id, 0.0, "1.0", 0.5) for id in IDS)
    outcomes.labelled(Label(id, 1.0, 1) for id in IDS[:2])
    return store


def put(store: Store, loop: str, name: str, **columns: Any) -> None:
    pq.write_table(pa.table(columns), table(store, loop, name))


def table(store: Store, loop: str, name: str) -> str:
    return str(store.inbox(loop) / f"{name}.parquet")


def ids_in(store: Store) -> list[str]:
    """The ids that any file of the store holds."""
    everything = b"\0".join(path.read_bytes() for path in Path(store.url).rglob("*") if path.is_file())
    return [id for id in IDS if id.encode() in everything]


def test_no_file_holds_what_was_erased(store: Store) -> None:
    found = waiting(store, ERASED, "id")
    assert (found.rows, found.tables) == (3, (table(store, "main", "labels"), table(store, "main", "rows")))
    metrics = table(store, "other", "metrics")
    assert erase(store, ERASED, "request 17", id_column="id") == Erasure((), (), 3, (metrics,), outcomes=3)
    assert ids_in(store) == [IDS[0], *IDS[3:]]
    assert pq.read_table(table(store, "main", "rows")).to_pydict() == {"id": [IDS[0], *IDS[3:]], "x": [0, 3, 4, 5]}
    assert erase(store, ERASED, "request 17", id_column="id") == Erasure((), (), 0, (metrics,), outcomes=0)


def test_the_journal_says_when_and_why_and_not_what(store: Store) -> None:
    erase(store, ERASED, "request 17", id_column="id")
    (entry,) = store.entries()
    facts = {name: entry.payload[name] for name in ("reason", "count", "rows", "outcomes", "held")}
    assert facts == {"reason": "request 17", "count": 2, "rows": 3, "outcomes": 3, "held": []}
    assert not any(id in str(entry.payload) for id in IDS)


def test_without_a_column_tables_stay_as_they_are_and_are_named(store: Store) -> None:
    done = erase(store, ERASED)
    assert (done.rows, done.outcomes) == (0, 3)
    assert done.unsearched == tuple(
        table(store, *one) for one in [("main", "labels"), ("main", "rows"), ("other", "metrics"), ("other", "rows")]
    )
    assert pq.read_table(table(store, "main", "rows")).num_rows == 6


def test_a_store_without_loops_gets_no_database(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", ledger="files")
    assert erase(store, ERASED, id_column="id") == Erasure((), ())
    assert not (tmp_path / "store" / "ledger.db").exists()


def test_an_object_store_has_no_database(tmp_path: Path) -> None:
    fsspec.filesystem("memory").store.clear()
    assert erase(Store(f"memory://{tmp_path.name}/store"), ERASED, id_column="id") == Erasure((), ())


def test_a_loop_that_is_at_work_could_write_them_down_again(store: Store) -> None:
    loop = Leases(store.database(), store.id, "a loop", SystemClock())
    assert loop.take("other", seconds=60)
    with pytest.raises(ConflictError, match="Loop 'other' is at work.* Wait until its turn is over, and do it again"):
        erase(store, ERASED, id_column="id")
    assert ids_in(store) == IDS
    loop.release("other")
    assert erase(store, ERASED, id_column="id").rows == 3
    assert loop.take("main", seconds=60)
    assert loop.take("other", seconds=60)


def test_an_erasure_that_was_killed_keeps_the_next_one_from_nothing(store: Store) -> None:
    killed = Leases(store.database(), store.id, "an erasure", SystemClock())
    assert killed.take("main", seconds=600)
    assert erase(store, ERASED, id_column="id").rows == 3


def test_an_update_that_has_read_the_rows_cannot_be_committed(store: Store) -> None:
    pinned = store.head().number
    erase(store, ERASED, id_column="id")
    record = make_record(store, "a0")
    with pytest.raises(ConflictError, match="Rows were erased .* while the update ran"):
        store.commit(record, promote=True, parent=None, pinned=pinned)


def test_an_erasure_that_was_cut_off_is_completed_by_the_same_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut off wherever something is forced to disk."""
    for k in itertools.count(1):
        store = Store(tmp_path / str(k), ledger="files")
        put(store, "main", "rows", id=IDS)
        put(store, "main", "labels", id=IDS)
        with monkeypatch.context() as broken:
            failed = fail_at(k, broken)
            if whole := finished(store):
                assert not failed()
        assert erase(store, ERASED, id_column="id").unsearched == ()
        assert ids_in(store) == [IDS[0], *IDS[3:]]
        if whole:
            break
    assert k > 4  # Two tables and their folder, and the entry.


def finished(store: Store) -> bool:
    try:
        erase(store, ERASED, id_column="id")
    except (StateError, OSError):
        return False
    return True


def fail_at(k: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """The disk is full when something is forced to it for the kth time; whether it ever was."""
    fsync, calls = os.fsync, itertools.count(1)
    failed = []

    def limited(handle: int) -> None:
        if next(calls) == k:
            failed.append(k)
            raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr("os.fsync", limited)
    return lambda: bool(failed)
