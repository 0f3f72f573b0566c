"""The append-only log of a store in a database: one row for each change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select

from vernal.base import Clock, ConflictError
from vernal.ledger.database import Database
from vernal.ledger.entry import Entry, broken_journal, check_link, decode_entry, encode_entry, taken
from vernal.ledger.failures import ConnectionLost
from vernal.ledger.tables import JOURNAL

_ROWS = select(JOURNAL.c.number, JOURNAL.c.data)


class SqlJournal:
    """Entries of one store, numbered from 1, in an unbroken chain; rows that are written once and never changed.

    To append is to insert the row of the next number, which only one process can: that insertion is the commit and the
    compare-and-swap. Entries have the bytes that they have in files, so that a changed, missing or exchanged one is
    found in the same way.

    Args:
        database: where the rows lie.
        store: the store's own id; many can share a database.
        clock: tells the time of new entries.

    Examples:
        >>> from vernal.base import SystemClock
        >>> journal = SqlJournal(Database("sqlite://"), "fraud", SystemClock())
        >>> _ = journal.append("promote", {"id": "a"}, champion="a", after=0)
        >>> [(entry.number, entry.champion) for entry in journal.entries()]
        [(1, 'a')]
    """

    def __init__(self, database: Database, store: str, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._entries: list[Entry] = []
        self._last: Entry | None = None

    def last(self) -> Entry | None:
        """The newest entry, None if there is none yet. Older ones are not read for it."""
        if self._last is None:
            self._last = self._newest()
        else:
            for entry in self._following(self._last):
                self._last = entry
        return self._last

    def entries(self, after: int = 0) -> list[Entry]:
        """The entries that follow a number, oldest first. Each is read once, and then remembered.

        Raises:
            CorruptState: an entry is damaged or missing, or is not the one that was written.
            SchemaTooNew: an entry was written by a later version of vernal.
        """
        self._entries += self._following(self._entries[-1] if self._entries else None)
        if self._last is not None and self._last.number > len(self._entries):
            raise broken_journal(f"{self._place(len(self._entries) + 1)} is missing")
        self._last = self._entries[-1] if self._entries else None
        return self._entries[after:]

    def append(self, kind: str, payload: Mapping[str, Any], champion: str | None, after: int) -> Entry:
        """Write the entry that follows number ``after``.

        Args:
            kind: what changed.
            payload: the facts of the change; plain values.
            champion: id of the champion from now on.
            after: number of the entry that the change was decided upon, 0 for none.

        Raises:
            ConflictError: another process has written there first; nothing was written.
        """
        last = self.last()
        if (last.number if last else 0) != after:
            raise taken(after + 1)
        data = encode_entry(
            Entry(
                number=after + 1,
                kind=kind,
                champion=champion,
                payload=payload,
                time=self._clock.now().isoformat(),
                previous=last.digest if last else "",
            )
        )
        self._create(after + 1, data)
        self._last = decode_entry(after + 1, data, self._place(after + 1))
        return self._last

    def appended(self, kind: str, payload: Mapping[str, Any], champion: str | None, after: int) -> bool:
        """Append, and say whether it could be done; False: look at the new state, and decide again."""
        try:
            self.append(kind, payload, champion, after)
        except ConflictError:
            return False
        return True

    def _create(self, number: int, data: bytes) -> None:
        try:
            self._insert(number, data)
        except ConnectionLost:
            # It may be written or not; the second time tells, because these bytes can be written only once.
            self._insert(number, data)

    def _insert(self, number: int, data: bytes) -> None:
        try:
            with self._database.writing() as connection:
                connection.execute(insert(JOURNAL).values(store=self._store, number=number, data=data))
        except ConflictError:
            if self._read(number) != data:
                raise taken(number) from None

    def _read(self, number: int) -> bytes | None:
        one = select(JOURNAL.c.data).where(JOURNAL.c.store == self._store, JOURNAL.c.number == number)
        with self._database.reading() as connection:
            return connection.execute(one).scalar_one_or_none()

    def _newest(self) -> Entry | None:
        newest = _ROWS.where(JOURNAL.c.store == self._store).order_by(JOURNAL.c.number.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(newest).one_or_none()
            count = connection.execute(select(func.count()).where(JOURNAL.c.store == self._store)).scalar_one()
        if row is None:
            return None
        if row.number != count:
            raise broken_journal(f"{row.number - count} of the {row.number} entries of store {self._store} are missing")
        return decode_entry(row.number, row.data, self._place(row.number))

    def _following(self, before: Entry | None) -> list[Entry]:
        """The entries after one, each checked against the one before it."""
        count = before.number if before else 0
        later = _ROWS.where(JOURNAL.c.store == self._store, JOURNAL.c.number > count).order_by(JOURNAL.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(later).all()
        entries = []
        for number, row in enumerate(rows, start=count + 1):
            if row.number != number:
                raise broken_journal(f"{self._place(number)} is missing")
            entry = decode_entry(number, row.data, self._place(number))
            check_link(before, entry, self._place(number))
            entries.append(entry)
            before = entry
        return entries

    def _place(self, number: int) -> str:
        return f"entry {number} of store {self._store}"
