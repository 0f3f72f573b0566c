"""Where the history of a store lies: in files, in a database in its folder, or in one elsewhere.

SQLAlchemy takes longer to import than all else that a look at a store does. `vernal.ledger` imports it when one of its
names is used that needs it, so a history in files never waits for it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from vernal import ledger as sql
from vernal.base import Clock, ConfigError, CorruptState, Problem
from vernal.store.blobs import Blobs
from vernal.store.file_journal import FileJournal
from vernal.store.files import Files
from vernal.store.journal import Journal
from vernal.store.marker import EMBEDDED, FILES, Marker

if TYPE_CHECKING:
    from vernal.ledger import Database

VARIABLE = "VERNAL_LEDGER"
DATABASE_FILE = "ledger.db"
_ADVICE = f'Store(..., ledger="postgresql://user:password@host/database"), --ledger URL, or {VARIABLE}=URL'


@dataclass(frozen=True)
class History:
    """Where the history lies.

    Args:
        kind: ``"files"``, ``"embedded"``, ``"postgresql"`` or ``"sqlite"``, as the marker says it.
        database: which database, None for files.
    """

    kind: str
    database: Database | None

    @classmethod
    def new(cls, files: Files, ledger: str | Database | None) -> History:
        """Where a store that is being made keeps its history.

        Args:
            files: the store.
            ledger: what was asked for: ``"files"``, ``"embedded"``, a database or the URL of one. If None, what the
                environment asks for; else a folder has a database in it, and an object store has files.

        Raises:
            ConfigError: a database cannot lie there.
        """
        ledger = ledger or os.environ.get(VARIABLE) or (EMBEDDED if files.is_local else FILES)
        if ledger == EMBEDDED and not files.is_local:
            raise ConfigError(
                f"A database cannot be embedded in {files.url}, which is no folder of this machine. Leave `ledger` out "
                "for a history in files, or name a PostgreSQL database."
            )
        return cls._of(files, ledger)

    @classmethod
    def found(cls, files: Files, marker: Marker, ledger: str | Database | None) -> History:
        """Where a store that is there keeps its history.

        Args:
            files: the store.
            marker: what it says of itself.
            ledger: what was asked for; None for what the marker says, and the environment's database if it needs one.

        Raises:
            ConfigError: it lies elsewhere, or in a database that was not named.
        """
        if marker.history not in (FILES, EMBEDDED):
            ledger = ledger or os.environ.get(VARIABLE)
        elif ledger is None:
            ledger = marker.history
        if ledger is None:
            raise ConfigError(
                f"The history of {files.url} lies in a database ({marker.history}) that was not named. "
                f"Name it: {_ADVICE}."
            )
        history = cls._of(files, ledger)
        if history.kind != marker.history:
            raise ConfigError(f"The history of {files.url} lies {_where(marker)}, and not {_asked(ledger)}.")
        return history

    @classmethod
    def _of(cls, files: Files, ledger: str | Database) -> History:
        if ledger == FILES:
            return cls(FILES, None)
        if ledger == EMBEDDED:
            return cls(EMBEDDED, _embedded(files))
        database = _opened(ledger)
        return cls(database.url.partition(":")[0].partition("+")[0], database)

    @property
    def ledger(self) -> str | None:
        """What another process must be told to find it; None if the store says it all."""
        return self.database.url if self.database is not None and self.kind != EMBEDDED else None

    def journal(self, files: Files, marker: Marker, clock: Clock) -> Journal:
        """The entries.

        Raises:
            CorruptState: the database does not know the store, which is not new.
        """
        if self.database is None:
            return FileJournal(files, clock)
        journal = sql.SqlJournal(self.database, marker.id, clock)
        if journal.last() is None and not sql.knows_store(self.database, marker.id):
            if any(True for _ in Blobs(files)):
                raise CorruptState(
                    f"{files.url} is store {marker.id}, and the database {self.database} has no history of it. "
                    f"Name the right one ({_ADVICE}), or bring it back from a backup."
                )
            sql.register_store(self.database, marker.id, marker.name)
        return journal

    def problems(self) -> list[Problem]:
        """What is wrong with the database itself."""
        if self.database is None:
            return []
        found = sql.damage(self.database)
        return [Problem(str(self.database), what, "Bring it back from a backup.") for what in found]


def is_beside(files: Files) -> bool:
    """Whether there is a database in the folder of a store that has its history in files."""
    return files.is_local and (files.folder / DATABASE_FILE).exists()


def beside_files(files: Files) -> Database:
    """The database in the folder of a store that has its history in files.

    Raises:
        ConfigError: the store lies in no folder.
    """
    if not files.is_local:
        raise ConfigError(
            f"{files.url} is no folder of this machine, and has its history in files, so that there is no database "
            "for what else is to be kept, such as where a loop stands. Make a store there with `--ledger "
            "postgresql://user:password@host/database`, or one in a folder."
        )
    return _embedded(files)


def _opened(ledger: str | Database) -> Database:
    return sql.Database(ledger) if isinstance(ledger, str) else ledger


def _embedded(files: Files) -> Database:
    path = files.folder / DATABASE_FILE
    if not path.exists() or os.access(path.parent, os.W_OK):
        return sql.Database(sql.sqlite_address(str(path)))
    # In a folder that can only be read, SQLite cannot make the files that tell readers of writers. Without a writer
    # who left something there, none are needed.
    wal = path.with_name(f"{path.name}-wal")
    left = wal.exists() and wal.stat().st_size > 0
    how = {"mode": "ro", "uri": "true"} | ({} if left else {"immutable": "1"})
    return sql.Database(sql.sqlite_address(f"file:{quote(str(path))}", how))


def _where(marker: Marker) -> str:
    places = {FILES: "in files beside it", EMBEDDED: f"in its own {DATABASE_FILE}"}
    return f"{places[marker.history]}; leave `ledger` out" if marker.history in places else f"in {marker.history}"


def _asked(ledger: str | Database) -> str:
    if ledger in (FILES, EMBEDDED):
        return f"where `ledger` says, {ledger!r}"
    return f"in {_opened(ledger)}"
