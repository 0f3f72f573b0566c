"""What loops keep in a store, and what of it nobody can want again.

A table that a loop has read from a stream stays while anything names it: the state of a loop, for it waits, or was set
aside and may be learned after all; or the record of an update, for who trains from scratch or compares versions reads
it again. What nothing names was joined with labels, or held labels themselves, or was left by a process that was
killed. Tables are known by their names, which are of one content each: a store may be moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import Any

from vernal import ledger as sql
from vernal.base import ConflictError, SystemClock
from vernal.store.store import Store

SECONDS = 600.0  # after which loops go on if what kept them from work was killed


@dataclass(frozen=True)
class Inboxes:
    """The tables that loops have read from streams, as far as they lie on this machine.

    Args:
        tables: all of them.
        unnamed: those that nothing names.
    """

    tables: tuple[Path, ...]
    unnamed: tuple[Path, ...]


@dataclass(frozen=True)
class LoopGarbage:
    """What was removed of what loops had kept.

    Args:
        tables: tables that nothing names.
        n_bytes: the room that they took.
        outcomes: how many predictions and labels.
    """

    tables: tuple[Path, ...]
    n_bytes: int
    outcomes: int


def read_inboxes(store: Store) -> Inboxes:
    """Which tables there are, and which of them nothing names."""
    folders = [store.inbox(loop) for loop in store.inboxes()]
    tables = sorted(path for folder in folders for kind in ("*.parquet", ".*.tmp") for path in folder.glob(kind))
    named = _named(store) if tables else set()
    return Inboxes(tuple(tables), tuple(path for path in tables if path.name not in named))


def collect_from_loops(store: Store, older_than: timedelta) -> LoopGarbage:
    """Remove what loops have kept for so long and nobody can want again.

    Those are tables that nothing names; predictions; and labels, unless a row waits for one that is as old, or may be.
    A row that comes in so long after its label will find none, and so late a label finds no prediction: choose an age
    that is longer than any row or label takes to come.

    Args:
        store: where the loops are at work.
        older_than: the age.

    Raises:
        ConflictError: a loop is at work. It names what it has read at the end of its look, and not before.
    """
    limit = SystemClock().now() - older_than  # Of files, it is told by the disk's clock.
    with idle_loops(store, "a collection"):
        old = [path for path in read_inboxes(store).unnamed if _written(path) < limit]
        n_bytes = sum(path.stat().st_size for path in old)
        for path in old:
            path.unlink(missing_ok=True)
        return LoopGarbage(tuple(old), n_bytes, _discard_outcomes(store, limit.timestamp()))


@contextmanager
def idle_loops(store: Store, holder: str) -> Iterator[None]:
    """Keep all loops of this machine from making a turn while a ``with`` block runs.

    Args:
        store: where they are at work.
        holder: who does; one that was killed and is done again need not wait for itself.

    Raises:
        ConflictError: a loop is at work.
    """
    database = store.database_if_any()
    with ExitStack() as stack:
        if database is not None:
            leases = sql.Leases(database, store.id, holder, SystemClock())
            for loop in store.inboxes():
                stack.enter_context(_kept_from(loop, leases))
        yield


@contextmanager
def _kept_from(loop: str, leases: sql.Leases) -> Iterator[None]:
    if not leases.take(loop, SECONDS):
        raise ConflictError(
            f"Loop {loop!r} is at work, and goes on to read and write what is to be removed. Wait until its turn is "
            "over, and do it again."
        )
    try:
        yield
    finally:
        leases.release(loop)


def _discard_outcomes(store: Store, limit: float) -> int:
    database = store.database_if_any()
    if database is None:
        return 0
    since = min([limit, *_times_of_waiting(_states(store))])
    return sql.Outcomes(database, store.id).discard(since)


def _times_of_waiting(states: Mapping[str, Mapping[str, Any]]) -> Iterator[float]:
    """The times of the earliest rows that wait for labels; long ago, where rows have none."""
    for state in states.values():
        for piece in state.get("raw", [{}]):  # A later version may write down elsewhere what waits.
            since = piece.get("since")
            yield float("-inf") if since is None else since


def _states(store: Store) -> dict[str, dict[str, Any]]:
    database = store.database_if_any()
    return {} if database is None else sql.Loops(database, store.id).states()


def _named(store: Store) -> set[str]:
    """The names of all files that a loop or an update names anywhere, without their folders."""
    return {PurePath(text).name for text in _texts([_states(store), store.records()])}


def _texts(value: Any) -> Iterator[str]:
    """All texts in plain values, wherever they stand: a later version may name files in other places."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part)


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
