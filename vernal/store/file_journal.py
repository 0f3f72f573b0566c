"""The history of a store in files: one small immutable file for each change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vernal.base import Clock, ConflictError
from vernal.ledger import Entry, broken_journal, check_link, decode_entry, encode_entry, taken
from vernal.store.files import Files

_NAME = re.compile(r"journal/(\d{8})\.json")


class FileJournal:
    """Entries ``journal/00000001.json``, ``journal/00000002.json``, ... in an unbroken chain.

    To append is to create the file of the next number, which only one process can: that creation
    is the commit and the compare-and-swap. Every entry carries a checksum of itself and the digest
    of the one before, so that a changed, missing or exchanged entry is found, and names the
    champion, so that the last entry alone tells the state of affairs.

    Args:
        files: where they lie.
        clock: tells the time of new entries.

    Examples:
        >>> import tempfile
        >>> from vernal.base import SystemClock
        >>> from vernal.store import open_files
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     journal = FileJournal(open_files(folder), SystemClock())
        ...     _ = journal.append("promote", {"id": "a"}, champion="a", after=0)
        ...     [(entry.number, entry.champion) for entry in journal.entries()]
        [(1, 'a')]
    """

    def __init__(self, files: Files, clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._entries: list[Entry] = []
        self._last: Entry | None = None

    def last(self) -> Entry | None:
        """The newest entry, None if there is none yet. Older ones are not read for it."""
        if self._last is None:
            number = self._count()
            self._last = _decode(number, self._files.read(_path(number))) if number else None
        while self._last is not None and (entry := self._after(self._last)) is not None:
            self._last = entry
        return self._last

    def entries(self, after: int = 0) -> list[Entry]:
        """The entries that follow a number, oldest first. Each is read once, and then remembered.

        Raises:
            CorruptState: an entry is damaged or missing, or is not the one that was written.
            SchemaTooNew: an entry was written by a later version of vernal.
        """
        last = self.last()
        numbers = range(len(self._entries) + 1, (last.number if last else 0) + 1)
        try:
            found = self._files.read_many([_path(number) for number in numbers])
        except FileNotFoundError as error:
            raise broken_journal(f"{error} is missing") from None
        for number, data in zip(numbers, found, strict=True):
            entry = _decode(number, data)
            check_link(self._entries[-1] if self._entries else None, entry, _path(number))
            self._entries.append(entry)
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
        try:
            self._files.create(_path(after + 1), data)
        except FileExistsError:
            # A network may lose the answer to a call that succeeded, and repeat the call.
            if self._files.read(_path(after + 1)) != data:
                raise taken(after + 1) from None
        self._last = _decode(after + 1, data)
        return self._last

    def appended(self, kind: str, payload: Mapping[str, Any], champion: str | None, after: int) -> bool:
        """Append, and say whether it could be done; False: look at the new state, and decide again."""
        try:
            self.append(kind, payload, champion, after)
        except ConflictError:
            return False
        return True

    def _after(self, entry: Entry) -> Entry | None:
        try:
            data = self._files.read(_path(entry.number + 1))
        except FileNotFoundError:
            return None
        following = _decode(entry.number + 1, data)
        check_link(entry, following, _path(following.number))
        return following

    def _count(self) -> int:
        """How many entries there are, by their names."""
        matches = (_NAME.fullmatch(path) for path in self._files.list("journal"))
        numbers = {int(match[1]) for match in matches if match}
        last = max(numbers, default=0)
        for number in sorted({*range(1, last)} - numbers):
            # A listing may miss a file that was made while it ran, and show the next.
            if not self._files.exists(_path(number)):
                raise broken_journal(f"{_path(number)} is missing")
        return last


def _path(number: int) -> str:
    return f"journal/{number:08}.json"


def _decode(number: int, data: bytes) -> Entry:
    return decode_entry(number, data, _path(number))
