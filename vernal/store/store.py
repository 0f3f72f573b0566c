"""The store: every version of the model, what made it, and which one is the champion.

```
<store>/                       a folder, or any URL that fsspec knows
├── vernal.json                the marker: this is a store, in this schema
├── journal/                   what happened, in order; the newest entry names the champion
│   ├── 00000001.json          {"kind": "update", "champion": "5b20", "previous": "", ...}
│   └── 00000002.json          {"kind": "promote", "champion": "7c1e", "previous": "9f3a...", ...}
├── blobs/                     immutable bytes by SHA-256: weights, memories, records
│   └── ab/ab12...
│
│   not part of the state; lies in the user's cache folder if the store is remote:
├── scratch/<name>/            unfinished work of an update, to be resumed
├── locks/                     who is at work
└── verified.txt               which blobs were hashed already
```

Everything is written once. An update puts its blobs, then its record as one more blob, and then
one journal entry, whose exclusive creation is the commit: before it nothing can be seen, after it
everything is there. Two processes that commit at once write the same number, and one of them loses.
"""

from __future__ import annotations

import contextlib
import json
import operator
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from vernal.base import (
    Clock,
    ConflictError,
    CorruptState,
    Problem,
    SchemaTooNew,
    StateError,
    StateNotFound,
    SystemClock,
    canonical_json,
)
from vernal.store.address import open_files
from vernal.store.blobs import Blobs
from vernal.store.files import Files
from vernal.store.garbage import Collector, Garbage
from vernal.store.journal import SCHEMA_VERSION, Entry, Journal
from vernal.store.ledger import CHAMPION, Ledger, Update
from vernal.store.locks import hold
from vernal.store.records import (
    blobs_of,
    check_blobs,
    check_lineage,
    check_name,
    check_record,
    check_replacement,
    short,
)

MARKER = "vernal.json"


@dataclass(frozen=True)
class Head:
    """Where a store stands.

    Args:
        number: how many entries its journal has.
        champion: id of the champion, None if there is none.
    """

    number: int
    champion: str | None


class Store:
    """Versions of a model, their lineage, and the champion among them.

    A record is a dictionary of plain values that tells how an update came about. The store asks
    for four fields and keeps the others as they are: ``id`` (short name for people), ``name``
    (hash of all that determined the update), ``request`` (hash of what was asked for) and
    ``artefacts``: ``{"model": {"blob": hash, "bytes": n, "needs": [hash, ...]}, ...}``, where
    ``needs`` lists further blobs that the first refers to.

    Args:
        where: a folder, a URL, or files that were opened already.
        clock: tells the time of new entries.
        create: whether to make a store where nothing is.

    Raises:
        StateNotFound: nothing is there, and it shall not be made.
        StateError: something is there that is not a store.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = Store(folder)
        ...     weights = store.blobs.put(b"weights")
        ...     artefacts = {"model": {"blob": weights, "bytes": 7}}
        ...     record = {"id": "5b20", "name": "n1", "request": "r1", "artefacts": artefacts}
        ...     _ = store.commit(record, promote=True, parent=None)
        ...     store.head(), store.record("5b")["name"]
        (Head(number=1, champion='5b20'), 'n1')
    """

    def __init__(self, where: str | Path | Files, clock: Clock | None = None, create: bool = True) -> None:
        self._files = where if isinstance(where, Files) else open_files(where)
        self._clock = clock or SystemClock()
        _open(self._files, create)
        self.blobs = Blobs(self._files)
        self._journal = Journal(self._files, self._clock)
        self._ledger = Ledger()
        self._records: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        """Where the store lies."""
        return self._files.url

    @property
    def bytes_written(self) -> int:
        """Bytes that this process has written through this object."""
        return self._files.bytes_written

    # Reading

    def head(self) -> Head:
        """The newest state, at the cost of reading one entry."""
        last = self._journal.last()
        return Head(last.number, last.champion) if last else Head(0, None)

    @property
    def champion(self) -> str | None:
        """Id of the champion, None if there is none."""
        return self.head().champion

    def entries(self) -> list[Entry]:
        """Everything that happened, oldest first."""
        return self._journal.entries()

    def record(self, key: str) -> dict[str, Any]:
        """The record with an id, with the only id that begins so, or of the ``"champion"``.

        Raises:
            StateNotFound: there is none, or more than one.
        """
        return self._load(self._replayed().find(key))

    def records(self) -> list[dict[str, Any]]:
        """All records, in the order of their commits."""
        return self._load_all([*self._replayed().updates.values()])

    def lineage(self, key: str) -> list[dict[str, Any]]:
        """A record and all that it descends from, oldest first."""
        ledger = self._replayed()
        return self._load_all(ledger.lineage(ledger.find(key)))

    def by_name(self, name: str) -> dict[str, Any] | None:
        """The record of the update that was determined by exactly this, None if there is none."""
        update = self._replayed().by_name(name)
        return self._load(update) if update else None

    def by_request(self, request: str) -> dict[str, Any] | None:
        """The newest record in the champion's lineage that answered a request, None if none did."""
        ledger = self._replayed()
        if ledger.champion is None:
            return None
        lineage = reversed(ledger.lineage(ledger.find(CHAMPION)))
        update = next((update for update in lineage if update.request == request), None)
        return self._load(update) if update else None

    def resolve(self, blob: str) -> str:
        """The blob that stands in the place of one: itself, unless something was erased from it.

        Call it on every hash that comes from a record. What an index lists needs no call: an
        erasure replaces the index as well.
        """
        return self._replayed().resolve(blob)

    # Writing

    def commit(
        self, record: Mapping[str, Any], promote: bool, parent: str | None, pinned: int | None = None
    ) -> dict[str, Any]:
        """Make a record part of the store, in one step, after its blobs were put.

        A record with the same name that is there already is returned, and nothing is written.

        Args:
            record: see the class.
            promote: whether it becomes the champion.
            parent: id of the record that it was trained from, None for a first one.
            pinned: number of the head when the parent was read. If given, an erasure since then is
                a conflict even if all blobs are new, for they may hold what was erased.

        Raises:
            ConflictError: the champion is another one by now, or something was erased.
            StateNotFound: a blob that the record names is not there.
        """
        data = check_record(record)
        while True:
            ledger = self._replayed()
            if done := ledger.by_name(record["name"]):
                return self._load(done)
            check_lineage(ledger, record, promote, parent)
            update = Update(
                id=record["id"],
                name=record["name"],
                request=record["request"],
                parent=parent,
                record=self.blobs.put(data),
            )
            blobs = {update.record, *blobs_of(record)}
            check_blobs(ledger, blobs, pinned)
            self._check_presence(blobs - self._inherited(ledger, parent))
            champion = update.id if promote else ledger.champion
            if self._journal.appended("update", asdict(update), champion, ledger.number):
                return self._load(update)

    def promote(self, key: str, expected: str | None) -> Head:
        """Make a record the champion. Going back to an ancestor is a rollback.

        Args:
            key: its id, or the beginning of it.
            expected: id of the champion that it replaces.

        Raises:
            ConflictError: the champion is another one.
        """
        while True:
            ledger = self._replayed()
            id = ledger.find(key).id
            if ledger.champion == id:
                return self.head()
            if ledger.champion != expected:
                raise ConflictError(
                    f"{short(id)} was to replace {short(expected)} as the champion, but the "
                    f"champion is now {short(ledger.champion)}. Compare it with that one; to promote it all "
                    f"the same: vernal promote {short(id)} (`Store.promote`)."
                )
            payload = {"id": id, "replaced": expected}
            if self._journal.appended("promote", payload, id, ledger.number):
                return self.head()

    def replace_blobs(
        self,
        replaced: Mapping[str, str],
        payload: Mapping[str, Any],
        after: int,
        needs: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Erase: put other blobs in the place of some, in all records at once.

        The order matters. First the caller puts the new blobs; then one journal entry makes
        `resolve` answer with them; only then are the old ones removed. A process that dies on the
        way has either changed nothing, or all but the removal, which the same call done again, or
        a garbage collection, completes. Blobs that were replaced can never be committed again.

        Args:
            replaced: for each old hash the new one.
            payload: facts to keep: why, by whom, what; never what was erased.
            after: number of the head when the old blobs were read.
            needs: for new hashes, further blobs that they refer to. What only the old ones referred to is garbage
                from now on.

        Raises:
            ConflictError: something was committed since; it may hold what is to be erased.
            StateNotFound: a new blob is not there.
        """
        ledger = self._replayed()
        if any(ledger.replaced.get(old) != new for old, new in replaced.items()):
            if ledger.number != after:
                raise ConflictError(
                    f"The store has changed since it was read for the erasure (entry {after}, now "
                    f"{ledger.number}), and what was added may hold the same rows. Run it again."
                )
            check_replacement(ledger, replaced)
            new = {*replaced.values()}.union(*(needs or {}).values())
            check_blobs(ledger, new, None)
            self._check_presence(new)
            facts = {
                **payload,
                "replaced": dict(replaced),
                "needs": {n: [*names] for n, names in (needs or {}).items()},
            }
            self._journal.append("erase", facts, ledger.champion, after)
        for old in replaced:
            self.blobs.remove(old)

    def gc(self, grace: timedelta = timedelta(days=14)) -> Garbage:
        """Remove blobs that no record needs, and what killed processes left.

        Args:
            grace: younger ones stay: they may belong to an update that has not committed yet.
                An update that loses a blob nevertheless is told so when it commits.
        """
        with self.lock("gc"):
            garbage = Collector(self._files, self.blobs, self._journal, self._replayed, self._needed).collect(grace)
            return replace(garbage, files=garbage.files + self._discard_finished())

    # Working

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold a lock while a ``with`` block runs; freed by the system if the process is killed.

        It keeps processes of one machine (of all that mount the folder, if locks work there) from
        doing the same work twice. That a store stays whole does not depend on it.

        Raises:
            ConflictError: somebody holds it, and who.
        """
        return hold(self._files.folder / "locks", check_name(name), self._clock)

    def scratch(self, name: str) -> Path:
        """A local folder for the unfinished work of an update, kept until it is discarded."""
        folder = self._files.folder / "scratch" / check_name(name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(
                f"The working folder {folder} could not be made: {error}. Check your rights there."
            ) from error
        return folder

    def unfinished(self) -> list[str]:
        """The names of all folders with unfinished work on this machine."""
        folder = self._files.folder / "scratch"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def discard_scratch(self, name: str) -> None:
        """Remove the unfinished work of an update; nothing happens if there is none."""
        folder = self._files.folder / "scratch" / check_name(name)
        if folder.exists():
            shutil.rmtree(folder)

    def _discard_finished(self) -> list[str]:
        """Remove what updates that were killed just after their commit left of their unfinished work."""
        committed = self._replayed().updates
        return [f"scratch/{name}" for name in self.unfinished() if name in committed and self._discarded(name)]

    def _discarded(self, name: str) -> bool:
        try:
            with self.lock(name):
                self.discard_scratch(name)
        except ConflictError:
            return False  # The update is at it.
        return True

    def verify(self) -> list[Problem]:
        """Read and hash everything anew, and list what is wrong. Slow, and complete."""
        problems = [
            Problem(f"blob {name[:12]}", "is damaged.", "Copy it back from a backup.") for name in self.blobs.damaged()
        ]
        try:
            _check_marker(self._files)
            self._ledger, self._journal = Ledger(), Journal(self._files, self._clock)
            ledger = self._replayed()
        except (CorruptState, SchemaTooNew) as error:
            return [Problem("journal", str(error)), *problems]
        except FileNotFoundError:
            fix = f'Write {{"schema_version":{SCHEMA_VERSION}}} into it.'
            return [Problem(MARKER, "is missing.", fix), *problems]
        return [*problems, *self._missing_blobs(ledger)]

    def _missing_blobs(self, ledger: Ledger) -> Iterator[Problem]:
        present = set(self.blobs)
        for update in ledger.updates.values():
            where = f"record {short(update.id)}"
            try:
                missing = sorted(self._needed_by(ledger, update) - present)
            except StateError as error:
                yield Problem(where, str(error))
                continue
            for name in missing:
                what = f"needs blob {short(name)}, which is missing."
                yield Problem(where, what, "Copy it back from a backup.")

    def _replayed(self) -> Ledger:
        """The newest state, by reading what was written since the last time."""
        for entry in self._journal.entries(after=self._ledger.number):
            self._ledger.apply(entry)
        return self._ledger

    def _load(self, update: Update) -> dict[str, Any]:
        return self._load_all([update])[0]

    def _load_all(self, updates: Sequence[Update]) -> list[dict[str, Any]]:
        """Records, each a new dictionary; from the files only what was not read before."""
        unread = [update.record for update in updates if update.record not in self._records]
        self._records.update(zip(unread, self.blobs.get_many(unread), strict=True))
        return [json.loads(self._records[update.record]) for update in updates]

    def _needed(self, ledger: Ledger) -> set[str]:
        """All blobs that records need, and all that took the place of others."""
        updates = [*ledger.updates.values()]
        self._load_all(updates)  # at once
        return set(map(ledger.resolve, ledger.replaced)).union(*(self._needed_by(ledger, one) for one in updates))

    def _needed_by(self, ledger: Ledger, update: Update) -> set[str]:
        artefacts = self._load(update)["artefacts"].values()
        return {update.record}.union(*(ledger.needed(one["blob"], one.get("needs", ())) for one in artefacts))

    def _inherited(self, ledger: Ledger, parent: str | None) -> set[str]:
        """Blobs that a committed record needs, so that they are there without looking."""
        return self._needed_by(ledger, ledger.find(parent)) if parent else set()

    def _check_presence(self, blobs: set[str]) -> None:
        if missing := sorted(name for name in blobs if name not in self.blobs):
            raise StateNotFound(
                f"Blob {short(missing[0])} is not in {self.url}. Put it there before you commit "
                "what needs it; if a garbage collection removed it, run the update again."
            )


def _open(files: Files, create: bool) -> None:
    """Read the marker of a store, or make one where nothing is."""
    try:
        _check_marker(files)
    except FileNotFoundError:
        if not files.is_empty():
            raise StateError(
                f"{files.url} holds other files and no vernal store. Name an empty folder, or the folder of a store."
            ) from None
        if not create:
            raise StateNotFound(
                f"There is no store at {files.url}. Check the address, or run a first update, which makes one."
            ) from None
        with contextlib.suppress(FileExistsError):  # Another process has just made it.
            files.create(MARKER, canonical_json({"schema_version": SCHEMA_VERSION}))


def _check_marker(files: Files) -> None:
    try:
        version = operator.index(json.loads(files.read(MARKER))["schema_version"])
    except (ValueError, KeyError, TypeError):
        raise CorruptState(
            f'{MARKER} in {files.url} is damaged. Write {{"schema_version":{SCHEMA_VERSION}}} '
            "into it, then verify the store."
        ) from None
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"The store {files.url} has schema {version}, and this vernal reads up to "
            f"{SCHEMA_VERSION}. Run: pip install --upgrade vernal"
        )
