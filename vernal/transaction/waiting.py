"""What the loops of a store keep of records: rows in tables that came from streams, predictions, late labels."""

from __future__ import annotations

from collections.abc import Sequence

from vernal.ledger import Outcomes
from vernal.sources import Found, erase_rows, find_rows
from vernal.store import Store, idle_loops


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
    with idle_loops(store, "an erasure"):
        found = sum((erase_rows(store.inbox(loop), ids, id_column) for loop in loops), Found())
        return found, 0 if database is None else Outcomes(database, store.id).erase(ids)
