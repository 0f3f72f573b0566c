"""A look at the rows that a source would bring, without reading all of them."""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import fsspec
import sqlalchemy as sa

from vernal.base import DataError, SystemClock, require
from vernal.sources import Files, Kafka, Nats, ParquetTable, Source, Table

ENOUGH = 10_000  # rows to know columns by
MOST_FILES = 10


@dataclass(frozen=True)
class Look:
    """What was seen.

    Args:
        table: some rows, an Arrow table.
        said: where they come from, for people.
    """

    table: Any
    said: str


def look(source: Source) -> Look:
    """Some rows of a source: of files the newest ones.

    Raises:
        DataError: there are none, or they cannot be read.
    """
    if isinstance(source, Files):
        return _files(source.path, source.pattern)
    if isinstance(source, ParquetTable):
        path = Path(source.path)
        return _files(str(path.parent), path.name) if path.is_file() else _files(source.path, "*.parquet")
    if isinstance(source, Table):
        return _rows(source)
    return _messages(replace(source, max_rows=ENOUGH) if isinstance(source, Kafka | Nats) else source)


def tables_of(url: str) -> list[str]:
    """The tables of a SQL database.

    Raises:
        DataError: it cannot be reached.
    """
    with _connected(url) as connection:
        return sorted(sa.inspect(connection).get_table_names())


def _files(folder: str, pattern: str) -> Look:
    from vernal.data import read_table

    system, root = fsspec.url_to_fs(folder)
    paths = [str(path) for path in system.glob(posixpath.join(root, pattern)) if _is_looked_at(system, str(path))]
    if not paths:
        raise DataError(f"There is no file {pattern} in {folder} yet. Put a first one there: columns are read from it.")
    newest = sorted(paths, key=lambda path: (system.modified(path), path), reverse=True)[:MOST_FILES]
    tables: list[Any] = []
    while newest and sum(one.num_rows for one in tables) < ENOUGH:
        tables.append(read_table(system.unstrip_protocol(newest.pop(0))))
    count = f"{len(paths):,} file{'s' if len(paths) > 1 else ''}"
    table = require("pyarrow", "tables").concat_tables(tables, promote_options="permissive")
    return _seen(table, f"{count} in {folder}; {table.num_rows:,} rows of the newest were looked at")


def _is_looked_at(system: Any, path: str) -> bool:
    return posixpath.basename(path)[0] not in "._" and not system.isdir(path)


def _rows(source: Table) -> Look:
    with _connected(source.url) as connection:
        name = f"({source.query.strip().rstrip(';')}) AS source" if source.query else _quoted(connection, source.table)
        result = connection.execute(sa.text(f"SELECT * FROM {name} LIMIT {ENOUGH}"))  # noqa: S608  the user's own query
        rows = [{name: _storable(value) for name, value in row.items()} for row in result.mappings()]
    table = require("pyarrow", "tables").Table.from_pylist(rows)
    return _seen(table, f"{len(rows):,} rows of {source.table or 'the query'} were looked at")


def _storable(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _quoted(connection: sa.Connection, table: str) -> str:
    return ".".join(connection.dialect.identifier_preparer.quote(part) for part in table.split("."))


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    address = sa.make_url(url)
    if address.drivername == "postgresql":
        require("psycopg", "postgres")
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        raise DataError(f"There is no SQLite database {address.database!r}. Check the path.")
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        raise DataError(f"The database cannot be read: {reason}. Check address, table and rights.") from error
    finally:
        engine.dispose()


def _messages(source: Source) -> Look:
    from vernal.data import Window

    with tempfile.TemporaryDirectory() as folder:
        arrival = source.poll(None, SystemClock().now(), Path(folder))
        if arrival is None:
            raise DataError(f"{source} has brought no row yet. Send some first: columns are read from them.")
        return _seen(Window(arrival.files).table(), f"the first {arrival.rows:,} rows of {source.name} were looked at")


def _seen(table: Any, said: str) -> Look:
    if not table.num_rows:
        raise DataError(f"There are columns and no rows ({said}). Put some rows there.")
    return Look(table, said)
