"""Which stores a database knows."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import insert, select

from vernal.base import ConflictError
from vernal.ledger.database import Database
from vernal.ledger.tables import STORES


def register_store(database: Database, store: str, name: str) -> None:
    """Note that the history of a store lies here, though there is none yet; nothing happens if that is known.

    Without it, a store whose history lies in another database could not be told from an empty one.

    Args:
        database: where the history lies.
        store: the store's own id.
        name: what its model is called, for people who look into the database.

    Examples:
        >>> database = Database("sqlite://")
        >>> register_store(database, "4f2a", "fraud")
        >>> knows_store(database, "4f2a"), knows_store(database, "4f2b")
        (True, False)
    """
    with suppress(ConflictError), database.writing() as connection:
        connection.execute(insert(STORES).values(store=store, name=name))


def knows_store(database: Database, store: str) -> bool:
    """Whether the history of a store lies here."""
    with database.reading() as connection:
        return connection.execute(select(STORES.c.store).where(STORES.c.store == store)).first() is not None
