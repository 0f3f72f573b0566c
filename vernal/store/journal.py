"""What a store needs of its history, wherever that lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from vernal.ledger import Entry


class Journal(Protocol):
    """Entries in an unbroken chain, to which only one of several processes can add the next.

    Adding is the commit and the compare-and-swap of everything a store does. `FileJournal` keeps the entries in files,
    `vernal.ledger.SqlJournal` in a database.
    """

    def last(self) -> Entry | None:
        """The newest entry, None if there is none yet. Older ones are not read for it."""

    def entries(self, after: int = 0) -> list[Entry]:
        """The entries that follow a number, oldest first.

        Raises:
            CorruptState: an entry is damaged or missing, or is not the one that was written.
            SchemaTooNew: an entry was written by a later version of vernal.
        """

    def append(self, kind: str, payload: Mapping[str, Any], champion: str | None, after: int) -> Entry:
        """Write the entry that follows number ``after``.

        Raises:
            ConflictError: another process has written there first; nothing was written.
        """

    def appended(self, kind: str, payload: Mapping[str, Any], champion: str | None, after: int) -> bool:
        """Append, and say whether it could be done; False: look at the new state, and decide again."""
