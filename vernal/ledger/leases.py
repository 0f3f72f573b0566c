"""Who is at work on something, so that two processes need not do it twice."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, insert, select, update

from vernal.base import Clock
from vernal.ledger.database import Database
from vernal.ledger.tables import LEASES


class Leases:
    """Rights to work on something, each held by one process until it gives it back or the time is over.

    They save work and guard nothing: a process may sleep past the end of its lease, and clocks of machines differ. What
    must happen once is guarded by the compare-and-swap of the journal and of the loops.

    Args:
        database: where the rows lie.
        store: the store's own id.
        holder: who takes the leases; another name in each process.
        clock: tells when a lease is over.

    Examples:
        >>> from vernal.base import SystemClock
        >>> database = Database("sqlite://")
        >>> ann, bob = (Leases(database, "fraud", name, SystemClock()) for name in ("ann", "bob"))
        >>> ann.take("update", seconds=60), bob.take("update", seconds=60)
        (True, False)
        >>> ann.release("update")
        >>> bob.take("update", seconds=60)
        True
    """

    def __init__(self, database: Database, store: str, holder: str, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._holder = holder
        self._clock = clock

    def take(self, name: str, seconds: float) -> bool:
        """Take a lease, or say that another one holds it. Who holds it already has it from now on again.

        Args:
            name: what is to be worked on.
            seconds: how long the lease lasts, unless it is renewed.
        """
        at = (LEASES.c.store == self._store, LEASES.c.name == name)
        with self._database.writing() as connection:
            now = self._clock.now().timestamp()  # Asked after the wait for the turn to write.
            held = connection.execute(select(LEASES.c.holder, LEASES.c.expires).where(*at)).one_or_none()
            if held is not None and held.holder != self._holder and held.expires > now:
                return False
            values = {"holder": self._holder, "expires": now + seconds}
            if held is None:
                connection.execute(insert(LEASES).values(store=self._store, name=name, **values))
            else:
                connection.execute(update(LEASES).where(*at).values(values))
            return True

    def renew(self, name: str, seconds: float) -> bool:
        """Make the own lease last from now on; False: it was lost to another one, so stop working.

        Args:
            name: what is worked on.
            seconds: how long the lease lasts from now on.
        """
        with self._database.writing() as connection:
            expires = self._clock.now().timestamp() + seconds
            return connection.execute(update(LEASES).where(*self._own(name)).values(expires=expires)).rowcount == 1

    def release(self, name: str) -> None:
        """Give the lease back; nothing happens if it was lost."""
        with self._database.writing() as connection:
            connection.execute(delete(LEASES).where(*self._own(name)))

    def _own(self, name: str) -> tuple[ColumnElement[bool], ...]:
        return LEASES.c.store == self._store, LEASES.c.name == name, LEASES.c.holder == self._holder
