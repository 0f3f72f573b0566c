"""A database that a ledger lies in: SQLite or PostgreSQL, behind two kinds of transactions."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import Connection, Engine

from vernal.base import ConflictError, StateError
from vernal.ledger.address import is_in_memory, parse_address, shown_address
from vernal.ledger.engines import Engines, open_engines
from vernal.ledger.failures import told_clearly
from vernal.ledger.schema import bring_up_to_date, check_schema


class Database:
    """Transactions that write, one after another, and transactions that read, each of one moment.

    Nothing is opened before the first use, which also makes the tables. Threads may share it. After a fork the child
    opens connections of its own. A transaction must not be begun within another one.

    Args:
        url: ``sqlite:///path/to/file.db``, ``sqlite://`` (in memory, for backtests and tests), or
            ``postgresql://user:password@host/database``.
        patience_seconds: how long a transaction waits for its turn to write, before it is an error.

    Raises:
        ConfigError: no URL, or that of another database.
        MissingExtra: PostgreSQL's driver is not installed.

    Examples:
        >>> from sqlalchemy import text
        >>> database = Database("sqlite://")
        >>> with database.writing() as connection:
        ...     _ = connection.execute(text("INSERT INTO vernal_loops VALUES ('s', 'nightly', 1, '{}')"))
        >>> with database.reading() as connection:
        ...     connection.execute(text("SELECT loop, generation FROM vernal_loops")).all()
        [('nightly', 1)]
    """

    def __init__(self, url: str, patience_seconds: float = 30) -> None:
        self._patience_seconds = patience_seconds
        self._url = parse_address(url)
        self._shown = shown_address(self._url)
        self._in_memory = is_in_memory(self._url)
        self._engines: dict[int, Engines] = {}  # By process: a child keeps those of its parent, and never touches them.
        self._ready: set[int] = set()  # Processes that have seen that the tables are there and up to date.
        self._opening = threading.Lock()
        # A database in memory has one connection, and that has one transaction at a time.
        self._turn: AbstractContextManager[object] = threading.Lock() if self._in_memory else nullcontext()
        self._thread = threading.local()
        weakref.finalize(self, _close, self._engines)

    @property
    def url(self) -> str:
        """The URL to open it again by, in a worker for example. It holds the password; show `str(database)` instead."""
        return self._url.render_as_string(hide_password=False)

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"Database({str(self)!r})"

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that no other writer runs beside; committed at the end, undone by any exception.

        Raises:
            ConflictError: a row is there already.
            StateError: the database cannot be reached or written, with what it says.
        """
        with self._transaction(self._opened().writing) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment, whatever is committed meanwhile.

        Raises:
            StateError: the database cannot be reached or read, with what it says.
        """
        with self._transaction(self._opened().reading) as connection:
            yield connection

    def compact(self) -> None:
        """Write the file of SQLite anew, without deleted rows, which otherwise stay in it until their room is needed.

        PostgreSQL does that by itself, by and by.

        Raises:
            ConflictError: somebody else was in the middle of reading for too long.
            StateError: the database cannot be written, with what it says.
        """
        engine = self._opened().writing
        if engine.dialect.name != "sqlite":
            return
        with self._turn, told_clearly(self._shown), engine.execution_options(bare=True).connect() as connection:
            connection.exec_driver_sql("VACUUM")
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        if busy:
            raise ConflictError(
                f"{self} is being read all the time, so that what was deleted cannot be taken out of its files. Stop "
                "whoever reads, and run it again."
            )

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        if getattr(self._thread, "busy", False):
            raise RuntimeError(f"This thread has a transaction of {self} open. End it before you begin another one.")
        with self._turn, told_clearly(self._shown), engine.connect() as connection, connection.begin():
            self._thread.busy = True
            try:
                yield connection
            finally:
                self._thread.busy = False

    def _opened(self) -> Engines:
        """The engines of this process; the tables are there and up to date."""
        process = os.getpid()
        with self._opening:
            if process not in self._engines:
                self._engines[process] = self._open()
            if process not in self._ready:
                self._prepare(self._engines[process])
                self._ready.add(process)
            return self._engines[process]

    def _open(self) -> Engines:
        if self._in_memory and self._engines:
            raise StateError("A database in memory belongs to one process. Name a file, sqlite:///path/to/file.db.")
        return open_engines(self._url, self._patience_seconds)

    def _prepare(self, engines: Engines) -> None:
        with self._transaction(engines.reading) as connection:
            ready = check_schema(connection, self._shown)
        if not ready:
            with self._transaction(engines.writing) as connection:
                bring_up_to_date(connection, self._shown)


def _close(engines: dict[int, Engines]) -> None:
    """Close the connections of this process, and not those that a parent goes on using."""
    if os.getpid() in engines:
        engines[os.getpid()].writing.dispose()
