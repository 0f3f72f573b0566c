"""What the loops of a store keep of records: rows in tables that came from streams, predictions, late labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from vernal.base import ConflictError, SystemClock
from vernal.ledger import Leases, Outcomes
from vernal.sources import Found, erase_rows, find_rows
from vernal.store import Store

SECONDS = 600.0  # after which loops go on if an erasure was killed
HOLDER = "an erasure"  # So that one which is done again need not wait for the one that was killed.


def find_waiting(store: Store, ids: Sequence[str], id_column: str | None) -> Found:
    """Rows in the tables of all loops on this machine.

    Args:
        store: where the loops are at work.
        ids: the records' ids as texts.
        id_column: the column of ids.
    """
    return sum((find_rows(store.inbox(loop), ids, id_column) for loop in store.inboxes()), Found())


def erase_waiting(store: Store, ids: Sequence[str], id_column: str | None) -> tuple[Found, int]:
    """Erase rows from the tables of all loops on this machine, and predictions and labels.

    Meanwhile no loop makes a turn, for it could write down once more what it has read before.

    Args:
        store: where the loops are at work.
        ids: the records' ids as texts.
        id_column: the column of ids; None leaves the tables as they are.

    Returns:
        What was in the tables, and how many predictions and labels there were.

    Raises:
        ConflictError: a loop is at work.
    """
    database, loops = store.database_if_any(), store.inboxes()
    with ExitStack() as stack:
        if database is not None:
            leases = Leases(database, store.id, HOLDER, SystemClock())
            for loop in loops:
                stack.enter_context(_kept_from(loop, leases))
        found = sum((erase_rows(store.inbox(loop), ids, id_column) for loop in loops), Found())
        return found, 0 if database is None else Outcomes(database, store.id).erase(ids)


@contextmanager
def _kept_from(loop: str, leases: Leases) -> Iterator[None]:
    """Keep a loop from making a turn."""
    if not leases.take(loop, SECONDS):
        raise ConflictError(
            f"Loop {loop!r} is at work, and what it writes may hold the records. Wait until its turn is over, and "
            "erase again."
        )
    try:
        yield
    finally:
        leases.release(loop)
