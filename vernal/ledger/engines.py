"""How SQLite and PostgreSQL are opened, so that a transaction means the same on both.

Whoever writes waits for its turn before it reads anything: by ``BEGIN IMMEDIATE`` on SQLite, and by a lock of the same
effect on PostgreSQL. So what a transaction has read is still so when it writes, no transaction fails because of another
one, and rows are numbered in the order of commits. Whoever reads sees one moment, and waits for nobody.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event

from vernal.base import StateError
from vernal.ledger.address import is_in_memory


class Engines(NamedTuple):
    """Two views of one pool of connections.

    Args:
        writing: begins transactions that write.
        reading: begins transactions that read, all of them one moment.
    """

    writing: Engine
    reading: Engine


def open_engines(url: URL, patience_seconds: float) -> Engines:
    """What opens the connections to a database; none is opened yet.

    Args:
        url: of the database.
        patience_seconds: how long a transaction waits for its turn to write.
    """
    if url.get_backend_name() == "postgresql":
        engine = _postgresql(url, patience_seconds)
        reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return Engines(engine.execution_options(writing=True), reading)
    engine = _sqlite(url, patience_seconds)
    return Engines(engine.execution_options(writing=True), engine)


def _sqlite(url: URL, patience_seconds: float) -> Engine:
    if is_in_memory(url):
        engine = create_engine(
            url, hide_parameters=True, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        _make_folder(url)
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": patience_seconds})
    event.listen(engine, "connect", lambda connection, _: _prepare_sqlite(connection, patience_seconds))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(url: URL) -> None:
    if url.database is None or url.database.startswith("file:"):
        return
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"The folder of the database {url} cannot be made: {error}.") from error


def _prepare_sqlite(connection: sqlite3.Connection, patience_seconds: float) -> None:
    """Lose nothing that was committed, and let nobody wait who only reads."""
    connection.isolation_level = None  # The driver begins transactions too late; we do it ourselves.
    try:
        _write_ahead(connection, patience_seconds)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise


def _write_ahead(connection: sqlite3.Connection, patience_seconds: float, pause_seconds: float = 0.02) -> None:
    """Set the journal mode, which SQLite refuses at once, however patient, while another process is at the same."""
    for _ in range(int(patience_seconds / pause_seconds)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(pause_seconds)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("bare", False):  # SQLite does its housekeeping outside of transactions only.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing", False) else "BEGIN")


def _postgresql(url: URL, patience_seconds: float) -> Engine:
    connect_args = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
    # A connection that idled while the server was started anew is replaced instead of being an error.
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=connect_args)
    event.listen(engine, "begin", lambda connection: _begin_postgresql(connection, patience_seconds))
    return engine


def _begin_postgresql(connection: Connection, patience_seconds: float) -> None:
    if connection.get_execution_options().get("writing", False):
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = {int(1000 * patience_seconds)}; "
            "SELECT pg_advisory_xact_lock(hashtextextended('vernal ledger in ' || current_schema(), 0))"
        )
