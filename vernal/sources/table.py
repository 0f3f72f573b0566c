"""Rows of a SQL table or query, by their times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from vernal.base import ConfigError, DataError, Unreachable, check_whole, period, require
from vernal.sources.columns import arrow_table
from vernal.sources.landing import land
from vernal.sources.moments import missing, seconds
from vernal.sources.secret import hidden, shown
from vernal.sources.source import Arrival, Cursor, Source


@dataclass(frozen=True)
class Table(Source):
    """A SQL table to which rows are added, through SQLAlchemy.

    Rows come in the order of (time, id), and the cursor is the last one that came: rows of the same time are neither
    lost nor doubled. A row that is committed later than `lag` after its time may be missed: a transaction that stamps
    a row and commits it a minute later needs a lag of more.

    Args:
        url: the database, as SQLAlchemy spells it: ``"sqlite:///events.db"``, ``"postgresql://host/db"``.
        table: the table, or ``"schema.table"``. An index on its time and id makes polling cheap.
        time_column: timestamps, dates, seconds since 1970, or ISO 8601 text of one format. Never NULL.
        id_column: tells rows of the same time apart: numbers, text or UUIDs. Never NULL.
        lag: how long after their time rows are waited for.
        query: a query in the place of a table.
        max_rows: how many rows come at once, at most.

    Examples:
        >>> Table("postgresql://me:secret@host/db", "events", max_rows=1000)  # doctest: +ELLIPSIS
        Table(url='postgresql://***@host/db', table='events', ..., max_rows=1000)
    """

    url: str
    table: str = ""
    time_column: str = "time"
    id_column: str = "id"
    lag: str = "1min"
    query: str = ""
    max_rows: int = 100_000
    name: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        period(self.lag)
        check_whole("max_rows", self.max_rows, 1)
        if bool(self.table) == bool(self.query):
            raise ConfigError("A source needs either `table`, or `query` in its place.")

    def __repr__(self) -> str:
        return shown(self)

    @property
    def _shown(self) -> str:
        """The database without user and password."""
        return hidden(self.url)

    def poll(self, cursor: Cursor | None, until: datetime, inbox: Path) -> Arrival | None:
        """The rows behind the cursor that are older than `until` less the lag, as a file in the inbox.

        Raises:
            DataError: a row without a time or an id, two with the same ones, or a query that the database refuses.
        """
        limit = seconds(until) - period(self.lag).total_seconds()
        with self._connection() as connection:
            self._check_no_null(connection)
            rows = self._read(connection, cursor, limit)
        if not rows:
            return None
        last = rows[-1]
        after = {"time": _plain(last[self.time_column]), "id": _plain(last[self.id_column])}
        table = arrow_table([_storable(row) for row in rows], lambda place: self._place(rows[place]))
        times = np.array([seconds(row[self.time_column], self.time_column) for row in rows])
        return land(table, times, inbox, self.name, cursor, after)

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        engine = _engine(self.url)
        try:
            with self._speaking(), engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Errors of the database in words of ours. Whether it is down or refuses, its driver often does not say."""
        try:
            yield
        except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
            raise Unreachable(f"{self._shown} cannot be read: {_reason(error)}. Check address and rights.") from error
        except sa.exc.SQLAlchemyError as error:
            raise DataError(f"{self._shown} refuses the query: {_reason(error)}. Check table and columns.") from error

    def _relation(self) -> Any:
        if self.query:
            return sa.text(f"({self.query.strip().rstrip(';')}) AS source")
        schema, _, table = self.table.rpartition(".")
        return sa.table(table, schema=schema or None)

    def _columns(self) -> tuple[Any, Any]:
        return sa.column(self.time_column), sa.column(self.id_column)

    def _check_no_null(self, connection: sa.Connection) -> None:
        for column in self._columns():
            query = sa.select(sa.func.count()).select_from(self._relation()).where(column.is_(None))
            if count := connection.execute(query).scalar_one():
                raise DataError(missing(count, column.name))

    def _read(self, connection: sa.Connection, cursor: Cursor | None, limit: float) -> list[Mapping[str, Any]]:
        time, key = self._columns()
        query = sa.select(sa.text("*")).select_from(self._relation()).order_by(time, key).limit(self.max_rows + 1)
        if cursor is not None:
            at, last = _value(cursor["time"]), _value(cursor["id"])
            query = query.where(sa.or_(time > at, sa.and_(time == at, key > last)))
        with connection.execution_options(stream_results=True).execute(query) as result:
            rows = [*self._until(result.mappings(), limit)]
        for one, next_one in zip(rows, rows[1:], strict=False):
            self._check_order(one, next_one)
        return rows[: self.max_rows]

    def _until(self, result: Any, limit: float) -> Iterator[Mapping[str, Any]]:
        for row in result:
            if seconds(row[self.time_column], self.time_column) > limit:
                return
            yield dict(row)

    def _check_order(self, one: Mapping[str, Any], next_one: Mapping[str, Any]) -> None:
        before, after = (seconds(row[self.time_column], self.time_column) for row in (one, next_one))
        if before > after:
            raise DataError(
                f"Sorted by {self.time_column!r}, {self._place(one)} comes before {self._place(next_one)}, which is "
                "earlier. Text is sorted as text: store all times in one format, or as timestamps."
            )
        if before == after and one[self.id_column] == next_one[self.id_column]:
            raise DataError(
                f"Two rows are {self._place(one)}. Name an `id_column` that tells rows of the same time apart."
            )

    def _place(self, row: Mapping[str, Any]) -> str:
        return f"{self.time_column} {row[self.time_column]}, {self.id_column} {row[self.id_column]}"


def _engine(url: str) -> sa.Engine:
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ConfigError(f"{hidden(url)!r} is no address of a database, as sqlite:///events.db is one.") from None
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername == "postgresql+psycopg":
        require("psycopg", "postgres")
    if address.get_backend_name() == "sqlite":
        _check_is_there(address)
    try:
        return sa.create_engine(address, poolclass=sa.NullPool)
    except sa.exc.NoSuchModuleError:
        raise ConfigError(f"SQLAlchemy knows no {address.drivername!r}. Try sqlite:// or postgresql://.") from None


def _check_is_there(address: sa.URL) -> None:
    """SQLite makes a file that is missing, and says nothing."""
    if not Path(address.database or "").is_file():
        raise Unreachable(f"There is no SQLite database {address.database!r}. Check the path.")


# What a JSON document cannot hold of what databases have in times and ids, and how to read it again.
_KINDS: Sequence[tuple[type, Any, Any]] = (
    (datetime, datetime.isoformat, datetime.fromisoformat),
    (date, date.isoformat, date.fromisoformat),
    (Decimal, str, Decimal),
    (UUID, str, UUID),
)


def _plain(value: Any) -> Any:
    for kind, write, _ in _KINDS:
        if isinstance(value, kind):
            return {kind.__name__: write(value)}
    if isinstance(value, str | int | float):
        return value
    raise DataError(f"A time or id is {value!r}, a {type(value).__name__}. Cast it to a number or to text in `query`.")


def _value(plain: Any) -> Any:
    if not isinstance(plain, Mapping):
        return plain
    return next(read(plain[kind.__name__]) for kind, _, read in _KINDS if kind.__name__ in plain)


def _storable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}


def _reason(error: sa.exc.SQLAlchemyError) -> str:
    """What the driver says, without the query and its values."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return hidden(str(cause).strip().partition("\n")[0].rstrip("."))
