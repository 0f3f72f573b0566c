"""The process dies, the disk fails, somebody else is faster: the store is always whole."""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.store.doubles import MOMENTS, FailingFiles, commit, failing_store, make_record, race
from vernal.base import StateError
from vernal.store import Files, Store

RACING = """
import sys
from vernal.base import ConflictError
from vernal.store import Store
from tests.store.doubles import make_record

store = Store(sys.argv[1])
parent = store.champion
record = make_record(store, sys.argv[2])
print("ready", flush=True)
input()
try:
    store.commit(record, promote=True, parent=parent)
    print("won")
except ConflictError as error:
    print(error)
"""

COMMITTING = """
import itertools, os, sys
from vernal.store import Store
from tests.store.doubles import commit

store = Store(sys.argv[1])
print("ready", flush=True)
for number in itertools.count():
    commit(store, f"{os.getpid()}-{number}")
    print(number, flush=True)
"""

HISTORIES = ["files", "embedded", "postgresql"]


def assert_whole(store: Store) -> None:
    assert store.verify() == []
    if store.champion is not None:
        for artefact in store.record("champion")["artefacts"].values():
            for name in (artefact["blob"], *artefact.get("needs", ())):
                store.blobs.get(store.resolve(name))


@pytest.mark.parametrize("round", range(2))
def test_of_two_processes_that_commit_on_one_parent_exactly_one_wins(local: Files, round: int) -> None:
    commit(Store(local), "5b20")
    results = {id: out.strip() for id, out in zip("ab", race([[RACING, local.url, id] for id in "ab"]), strict=True)}
    store = Store(local)
    winner = store.champion
    assert winner is not None
    loser = "b" if winner == "a" else "a"
    assert results == {
        winner: "won",
        loser: f"Update {loser} was trained from 5b20, but the champion is now {winner}. Run it again from there.",
    }
    assert [record["id"] for record in store.records()] == ["5b20", winner]
    assert_whole(store)


def test_a_process_that_is_killed_at_any_moment_leaves_a_whole_store(local: Files) -> None:
    moments = random.Random(0)
    commit(Store(local), "first")
    n_committed = 1
    for _ in range(8):
        n_committed += 1 + committed_until_killed(local, moments.randint(0, 2), moments.uniform(0, 0.05))
        store = Store(local)
        # What was reported as committed is there; one more may be, of which the report got lost.
        assert n_committed - 1 <= store.head().number <= n_committed
        n_committed = store.head().number
        assert [record["id"] for record in store.lineage("champion")] == [record["id"] for record in store.records()]
        assert_whole(store)
    assert n_committed > 5
    store.gc(timedelta(seconds=-60))  # What the last process left is younger than this moment by a coarse clock.
    assert [*local.leftovers("blobs"), *local.leftovers("journal")] == []
    assert_whole(store)


def committed_until_killed(files: Files, reported: int, after: float) -> int:
    """Start a process that commits without end, kill it, and return how many commits it reported.

    Args:
        files: the store.
        reported: how many commits to wait for, however slow the machine is.
        after: how many seconds later it is killed.
    """
    with subprocess.Popen([sys.executable, "-c", COMMITTING, files.url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(1 + reported):
            process.stdout.readline()
        time.sleep(after)
        process.kill()
        return reported + len(process.stdout.readlines())


def erase(store: Store) -> None:
    old = store.record("5b20")["artefacts"]["memory"]["needs"][0]
    new = store.blobs.put(b"without the row")
    store.replace_blobs({old: new}, {"reason": "request 17"}, after=store.head().number)


def collect(store: Store) -> None:
    store.gc(timedelta(0))


def take_over(store: Store) -> None:
    source = store.scratch("7c1e") / "model"
    source.write_bytes(b"weights")
    store.blobs.put_file(source)


OPERATIONS: dict[str, Callable[[Store], object]] = {
    "put": lambda store: store.blobs.put(b"weights"),
    "put_file": take_over,
    "commit": lambda store: store.commit(make_record(store, "7c1e"), True, "5b20"),
    "reject": lambda store: store.commit(make_record(store, "7c1e"), False, "5b20"),
    "promote": lambda store: store.promote("6f9a", "5b20"),
    "erase": erase,
    "collect": collect,
}


def prepare(files: Files) -> None:
    """A champion, a rejected challenger, and an orphan."""
    store = Store(files)
    commit(store, "5b20")
    commit(store, "6f9a", promote=False)
    store.blobs.put(b"orphan")


def facts(store: Store) -> dict[str, object]:
    """What a store says, without the history of how it came to say it."""
    return {
        "champion": store.champion,
        "records": store.records(),
        "kinds": [entry.kind for entry in store.entries()],
        "blobs": sorted(store.blobs),
    }


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_failure_of_any_write_breaks_nothing_and_the_operation_can_be_repeated(
    place: Callable[[str], Files], operation: str, moment: str
) -> None:
    prepare(place("undisturbed"))
    before = facts(Store(place("undisturbed")))
    OPERATIONS[operation](Store(place("undisturbed")))
    after = facts(Store(place("undisturbed")))
    for k in itertools.count(1):
        prepare(place(str(k)))
        failing = FailingFiles(place(str(k)), at=k, moment=moment)
        with contextlib.suppress(StateError):
            OPERATIONS[operation](failing_store(failing))
        found = Store(place(str(k)))
        assert_whole(found)
        assert found.champion in (before["champion"], after["champion"])
        OPERATIONS[operation](found)
        assert_whole(found)
        assert facts(Store(place(str(k)))) == after
        if not failing.failed:
            break
    assert k > (1 if operation in ("put", "put_file", "promote") else 2)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_store_whose_making_failed_can_be_made_again(files: Files, reopen: Callable[[], Files], moment: str) -> None:
    with pytest.raises(StateError, match="the disk is full"):
        Store(FailingFiles(files, at=1, moment=moment))
    assert Store(reopen()).verify() == []
