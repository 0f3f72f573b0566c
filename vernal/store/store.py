"""The store: every version of the model, what made it, and which one is the champion.

```
<store>/                       a folder, or any URL that fsspec knows
├── vernal.json                the marker: this is a store, in this schema, with its history in ...
├── ledger.db                  what happened, in order; the newest entry names the champion:
│                              {"kind": "promote", "champion": "7c1e", "previous": "9f3a...", ...}
├── journal/                   instead of it, files with such entries: on an object store, or where asked for
│   └── 00000001.json
├── blobs/                     immutable bytes by SHA-256: weights, memories, records
│   └── ab/ab12...
│
│   not part of the state; lies in the user's cache folder if the store is remote:
├── scratch/<name>/            unfinished work of an update, to be resumed
├── locks/                     who is at work
└── verified.txt               which blobs were hashed already
```

The history may also lie in a database elsewhere, by the store's own id. Everything is written
once. An update puts its blobs, then its record as one more blob, and then one journal entry, whose
exclusive creation is the commit: before it nothing can be seen, after it
everything is there. Two processes that commit at once write the same number, and one of them loses.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vernal.base import (
    Clock,
    ConflictError,
    CorruptState,
    Problem,
    SchemaTooNew,
    StateError,
    StateNotFound,
    SystemClock,
)
from vernal.ledger import Entry
from vernal.store.address import open_files
from vernal.store.blobs import Blobs
from vernal.store.files import Files
from vernal.store.garbage import Collector, Garbage
from vernal.store.history import History, beside_files, is_beside
from vernal.store.journal import Journal
from vernal.store.locks import hold
from vernal.store.marker import (
    MARKER,
    REPAIR,
    Marker,
    check_same_name,
    find_marker,
    make_marker,
    not_there,
    read_marker,
)
from vernal.store.move import Move
from vernal.store.records import (
    blobs_of,
    check_alias,
    check_blobs,
    check_earlier,
    check_expected,
    check_lineage,
    check_name,
    check_record,
    check_replacement,
    short,
)
from vernal.store.registry import CHAMPION, Registry, Update

if TYPE_CHECKING:
    from vernal.ledger import Database


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
    ``needs`` lists further blobs that the first refers to. It also reads ``major``, if that is
    there: whether the model was begun anew, which its version tells.

    Args:
        where: a folder, a URL, or files that were opened already.
        clock: tells the time of new entries.
        create: whether to make a store where nothing is.
        name: of the model, for people, as in ``fraud:3.2``. It is given when the store is made; the last part of the
            address if None.
        ledger: where the history lies: ``"embedded"`` in a database in the store's folder, in ``"files"`` there, or in
            a database, by URL: ``"postgresql://..."`` or ``"sqlite:///..."``. A store knows the first two by itself,
            and asks for a database. If None, the variable VERNAL_LEDGER says it for new stores and for those that need
            a database; else a new store in a folder has its history embedded, and one elsewhere in files.

    Raises:
        ConfigError: the history lies elsewhere, or in a database that was not named.
        StateNotFound: nothing is there, and it shall not be made.
        StateError: something is there that is not a store, or the model there is called otherwise.

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

    def __init__(
        self,
        where: str | Path | Files,
        clock: Clock | None = None,
        create: bool = True,
        name: str | None = None,
        ledger: str | Database | None = None,
    ) -> None:
        self._files = where if isinstance(where, Files) else open_files(where)
        self._clock = clock or SystemClock()
        self._marker, self._history = self._open(create, name, ledger)
        self.blobs = Blobs(self._files)
        self._journal: Journal = self._history.journal(self._files, self._marker, self._clock)
        self._registry = Registry()
        self._records: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        """Where the store lies."""
        return self._files.url

    @property
    def id(self) -> str:
        """The store's own id, by which a database that several stores share knows it."""
        return self._marker.id

    @property
    def name(self) -> str:
        """What the model is called, in ``fraud:3.2``."""
        return self._marker.name

    @property
    def history(self) -> str:
        """Where the history lies: ``"files"``, ``"embedded"``, or the kind of another database, ``"postgresql"``."""
        return self._history.kind

    @property
    def ledger(self) -> str | None:
        """What another process must give as `ledger` beside the `url`, with any password; None if nothing."""
        return self._history.ledger

    def database(self) -> Database:
        """The database for whatever else is to be kept, such as where a loop stands.

        It is that with the history; or, beside a history in files, the one that can be embedded in a folder.

        Raises:
            ConfigError: the history is kept in files, and not in a folder.
        """
        return self._history.database or beside_files(self._files)

    def database_if_any(self) -> Database | None:
        """The same; None where there is none yet, and where there can be none. So nothing was kept there."""
        return self.database() if self._history.database or is_beside(self._files) else None

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

    def find(self, key: str) -> str:
        """The whole id of a record.

        Args:
            key: its id, or the beginning of it; its version, ``"3.2"``; ``"champion"`` or another alias. The name of
                the model may stand before it: ``"fraud:3.2"``.

        Raises:
            StateNotFound: there is none, or more than one.
        """
        return self._update(self._replayed(), key).id

    def record(self, key: str) -> dict[str, Any]:
        """The record that `find` finds."""
        return self._load(self._update(self._replayed(), key))

    def version(self, key: str) -> str:
        """The version of a record, ``"3.2"``: begun anew for the third time, and learned from twice since."""
        registry = self._replayed()
        return str(registry.versions[self._update(registry, key).id])

    def versions(self) -> dict[str, str]:
        """The versions of all records by id, in the order of their commits."""
        return {id: str(version) for id, version in self._replayed().versions.items()}

    def aliases(self) -> dict[str, str]:
        """The ids of the records that aliases point to, the champion's among them."""
        registry = self._replayed()
        champion = {} if registry.champion is None else {CHAMPION: registry.champion}
        return champion | registry.aliases

    def alias_history(self, alias: str) -> list[Move]:
        """Where an alias has pointed, oldest first; ``"champion"`` is one."""
        return [*self._replayed().moves.get(alias, ())]

    def records(self) -> list[dict[str, Any]]:
        """All records, in the order of their commits."""
        return self._load_all([*self._replayed().updates.values()])

    def lineage(self, key: str) -> list[dict[str, Any]]:
        """A record and all that it descends from, oldest first."""
        registry = self._replayed()
        return self._load_all(registry.lineage(self._update(registry, key)))

    def by_name(self, name: str) -> dict[str, Any] | None:
        """The record of the update that was determined by exactly this, None if there is none."""
        update = self._replayed().by_name(name)
        return self._load(update) if update else None

    def by_request(self, request: str) -> dict[str, Any] | None:
        """The newest record in the champion's lineage that answered a request, None if none did."""
        registry = self._replayed()
        if registry.champion is None:
            return None
        lineage = reversed(registry.lineage(registry.find(CHAMPION)))
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
            registry = self._replayed()
            if done := registry.by_name(record["name"]):
                return self._load(done)
            check_lineage(registry, record, promote, parent)
            update = Update(
                id=record["id"],
                name=record["name"],
                request=record["request"],
                parent=parent,
                record=self.blobs.put(data),
                major=bool(record.get("major", False)),
            )
            blobs = {update.record, *blobs_of(record)}
            check_blobs(registry, blobs, pinned)
            self._check_presence(blobs - self._inherited(registry, parent))
            champion = update.id if promote else registry.champion
            if self._journal.appended("update", asdict(update), champion, registry.number):
                return self._load(update)

    def promote(self, key: str, expected: str | None, why: str = "", evidence: Mapping[str, Any] | None = None) -> Head:
        """Make a record the champion, with its model and all that it has kept to learn on.

        Args:
            key: what `find` takes.
            expected: id of the champion that it replaces.
            why: the reason, for the history.
            evidence: what it rests on, for the history; plain values.

        Raises:
            ConflictError: the champion is another one.
        """
        while True:
            registry = self._replayed()
            id = self._update(registry, key).id
            if registry.champion == id:
                return self.head()
            if self._crowned("promote", id, expected, why, evidence):
                return self.head()

    def rollback(
        self,
        key: str | None = None,
        *,
        expected: str | None,
        why: str = "",
        evidence: Mapping[str, Any] | None = None,
    ) -> Head:
        """Make an earlier champion the champion again. Model, memory and state of the method go back together.

        Champions that came after it, and were gone back from, are not returned to by a later rollback.

        Args:
            key: what `find` takes; the champion before the present one if None.
            expected: id of the champion that is gone back from.
            why: the reason, for the history.
            evidence: what it rests on, for the history; plain values.

        Raises:
            ConflictError: the champion is another one.
            StateNotFound: there is no earlier champion, or the record was none.
        """
        while True:
            registry = self._replayed()
            id = registry.earlier() if key is None else self._update(registry, key).id
            check_earlier(registry, id)
            if self._crowned("rollback", id, expected, why, evidence):
                return self.head()

    def point(
        self,
        alias: str,
        key: str | None,
        expected: str | None,
        why: str = "",
        evidence: Mapping[str, Any] | None = None,
    ) -> None:
        """Let an alias point to a record, for instance ``"challenger"``. The champion is moved by `promote`.

        Args:
            alias: the alias; made if it is new.
            key: what `find` takes; None removes the alias.
            expected: id of the record that it points to now, None if there is no such alias.
            why: the reason, for the history.
            evidence: what it rests on, for the history; plain values.

        Raises:
            StateError: no alias can be called so.
            ConflictError: it points to another record.
        """
        check_alias(alias)
        while True:
            registry = self._replayed()
            id = None if key is None else self._update(registry, key).id
            found = registry.aliases.get(alias)
            if found == id:
                return
            check_expected(alias, id, expected, found)
            facts = {"alias": alias, "id": id, "replaced": found, "why": why, "evidence": dict(evidence or {})}
            if self._journal.appended("alias", facts, registry.champion, registry.number):
                return

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
        a garbage collection, completes. Blobs that were replaced can never be committed again, nor can what was trained
        from a head before the entry.

        Args:
            replaced: for each old hash the new one. If there are none, the entry is all that is written.
            payload: facts to keep: why, by whom, what; never what was erased.
            after: number of the head when the old blobs were read.
            needs: for new hashes, further blobs that they refer to. What only the old ones referred to is garbage
                from now on.

        Raises:
            ConflictError: something was committed since; it may hold what is to be erased.
            StateNotFound: a new blob is not there.
        """
        registry = self._replayed()
        if not replaced or any(registry.replaced.get(old) != new for old, new in replaced.items()):
            if registry.number != after:
                raise ConflictError(
                    f"The store has changed since it was read for the erasure (entry {after}, now "
                    f"{registry.number}), and what was added may hold the same rows. Run it again."
                )
            check_replacement(registry, replaced)
            new = {*replaced.values()}.union(*(needs or {}).values())
            check_blobs(registry, new, None)
            self._check_presence(new)
            facts = {
                **payload,
                "replaced": dict(replaced),
                "needs": {n: [*names] for n, names in (needs or {}).items()},
            }
            self._journal.append("erase", facts, registry.champion, after)
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

    def inbox(self, name: str) -> Path:
        """A local folder for the tables that a loop has read from streams.

        They stay when they are learned: who trains from scratch wants them again.
        """
        folder = self._files.folder / "inbox" / check_name(name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"The folder {folder} could not be made: {error}. Check your rights there.") from error
        return folder

    def inboxes(self) -> list[str]:
        """The names of all loops that have such a folder on this machine."""
        return self._folders("inbox")

    def unfinished(self) -> list[str]:
        """The names of all folders with unfinished work on this machine."""
        return self._folders("scratch")

    def discard_scratch(self, name: str) -> None:
        """Remove the unfinished work of an update; nothing happens if there is none."""
        folder = self._files.folder / "scratch" / check_name(name)
        while folder.exists():
            with suppress(FileNotFoundError):  # Another process discards it, too.
                shutil.rmtree(folder)

    def _folders(self, top: str) -> list[str]:
        folder = self._files.folder / top
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

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
            marker = read_marker(self._files)
            problems += self._history.problems()
            self._registry, self._journal = Registry(), self._history.journal(self._files, marker, self._clock)
            registry = self._replayed()
        except (CorruptState, SchemaTooNew) as error:
            return [Problem("journal", str(error)), *problems]
        except FileNotFoundError:
            return [Problem(MARKER, "is missing.", REPAIR), *problems]
        return [*problems, *self._missing_blobs(registry)]

    def _missing_blobs(self, registry: Registry) -> Iterator[Problem]:
        present = set(self.blobs)
        for update in registry.updates.values():
            where = f"record {short(update.id)}"
            try:
                missing = sorted(self._needed_by(registry, update) - present)
            except StateError as error:
                yield Problem(where, str(error))
                continue
            for name in missing:
                what = f"needs blob {short(name)}, which is missing."
                yield Problem(where, what, "Copy it back from a backup.")

    def _open(self, create: bool, name: str | None, ledger: str | Database | None) -> tuple[Marker, History]:
        """Read the marker of a store, or make one where nothing is."""
        marker = find_marker(self._files)
        if marker is None:
            if not create:
                raise not_there(self.url)
            marker = make_marker(self._files, name, History.new(self._files, ledger).kind)
        check_same_name(marker, name, self.url)
        return marker, History.found(self._files, marker, ledger)

    def _replayed(self) -> Registry:
        """The newest state, by reading what was written since the last time."""
        for entry in self._journal.entries(after=self._registry.number):
            self._registry.apply(entry)
        return self._registry

    def _update(self, registry: Registry, key: str) -> Update:
        """What a key names, with or without the name of the model before it."""
        name, colon, rest = key.rpartition(":")
        if colon and name != self.name:
            raise StateNotFound(
                f"{key!r} is of a model called {name!r}, and the model in {self.url} is called {self.name!r}. "
                f"Write {self.name}:{rest}, or open the other store."
            )
        return registry.find(rest)

    def _crowned(self, kind: str, id: str, expected: str | None, why: str, evidence: Mapping[str, Any] | None) -> bool:
        """Make a record the champion, as it was seen last; False: look at the new state, and decide again."""
        registry = self._registry
        check_expected(CHAMPION, id, expected, registry.champion)
        facts = {"id": id, "replaced": expected, "why": why, "evidence": dict(evidence or {})}
        return self._journal.appended(kind, facts, id, registry.number)

    def _load(self, update: Update) -> dict[str, Any]:
        return self._load_all([update])[0]

    def _load_all(self, updates: Sequence[Update]) -> list[dict[str, Any]]:
        """Records, each a new dictionary; from the files only what was not read before."""
        unread = [update.record for update in updates if update.record not in self._records]
        self._records.update(zip(unread, self.blobs.get_many(unread), strict=True))
        return [json.loads(self._records[update.record]) for update in updates]

    def _needed(self, registry: Registry) -> set[str]:
        """All blobs that records need, and all that took the place of others."""
        updates = [*registry.updates.values()]
        self._load_all(updates)  # at once
        return set(map(registry.resolve, registry.replaced)).union(*(self._needed_by(registry, one) for one in updates))

    def _needed_by(self, registry: Registry, update: Update) -> set[str]:
        artefacts = self._load(update)["artefacts"].values()
        return {update.record}.union(*(registry.needed(one["blob"], one.get("needs", ())) for one in artefacts))

    def _inherited(self, registry: Registry, parent: str | None) -> set[str]:
        """Blobs that a committed record needs, so that they are there without looking."""
        return self._needed_by(registry, registry.find(parent)) if parent else set()

    def _check_presence(self, blobs: set[str]) -> None:
        if missing := sorted(name for name in blobs if name not in self.blobs):
            raise StateNotFound(
                f"Blob {short(missing[0])} is not in {self.url}. Put it there before you commit "
                "what needs it; if a garbage collection removed it, run the update again."
            )
