"""A Parquet file or dataset that grows, by the times of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import fsspec

from vernal.base import DataError, Unreachable, period, require
from vernal.sources.landing import land
from vernal.sources.moments import check_times, column_seconds, missing, seconds
from vernal.sources.secret import hidden, shown
from vernal.sources.source import Arrival, Cursor, Source
from vernal.store import refusals


@dataclass(frozen=True)
class ParquetTable(Source):
    """A Parquet file that is written anew with more rows, or a folder of such files, read as one table.

    Rows come in the order of their times. The cursor is the time of the last one, and how many there were until then:
    so rows that are added later with a time that has passed are noticed, and are an error, not a loss. `lag` says how
    long rows are waited for; where times are whole days, a day has to be over: ``lag="1d"``.

    Args:
        path: the file or folder: a path or a URL.
        time_column: timestamps, dates, or seconds since 1970. Never null.
        lag: how long after their time rows are waited for.

    Examples:
        >>> ParquetTable("events.parquet", "at")
        ParquetTable(path='events.parquet', time_column='at', lag='1min')
    """

    path: str
    time_column: str = "time"
    lag: str = "1min"
    name: ClassVar[str] = "parquet"

    def __post_init__(self) -> None:
        period(self.lag)

    def __repr__(self) -> str:
        return shown(self)

    def poll(self, cursor: Cursor | None, until: datetime, inbox: Path) -> Arrival | None:
        """The rows behind the cursor that are older than `until` less the lag, as a file in the inbox.

        Raises:
            DataError: rows without a time, rows that came later than the lag, or a column of another type than before.
        """
        arrow = require("pyarrow", "tables")
        try:
            return self._poll(cursor, seconds(until) - period(self.lag).total_seconds(), inbox)
        except arrow.ArrowException as error:
            raise DataError(f"{hidden(self.path)} cannot be read as Parquet: {error}") from error
        except refusals() as error:
            raise Unreachable(
                f"{hidden(self.path)} cannot be read: {error}. Check the path and your rights."
            ) from error

    def _poll(self, cursor: Cursor | None, limit: float, inbox: Path) -> Arrival | None:
        dataset = self._dataset()
        kind = self._kind(dataset)
        time = require("pyarrow.compute", "tables").field(self.time_column)
        if n_missing := _count_missing(dataset, self.time_column, kind):
            raise DataError(missing(n_missing, self.time_column))
        wanted = time <= _scalar(limit, kind)
        if cursor is not None:
            mark = _mark(cursor, kind, self.time_column)
            self._check_none_late(dataset.count_rows(filter=time <= mark), cursor)
            wanted &= time > mark
        table = dataset.to_table(filter=wanted).sort_by(self.time_column)
        return self._arrival(table, cursor, inbox) if table.num_rows else None

    def _arrival(self, table: Any, cursor: Cursor | None, inbox: Path) -> Arrival:
        known = cursor["rows"] if cursor else 0
        last = table.column(self.time_column)[-1]
        after = {"time": _plain(last), "type": str(last.type), "rows": known + table.num_rows}
        return land(table, column_seconds(table, self.time_column), inbox, self.name, cursor, after)

    def _dataset(self) -> Any:
        system, path = fsspec.url_to_fs(self.path)
        system.invalidate_cache()
        return require("pyarrow.dataset", "tables").dataset(path, filesystem=system, format="parquet")

    def _kind(self, dataset: Any) -> Any:
        if self.time_column not in dataset.schema.names:
            names = ", ".join(dataset.schema.names)
            raise DataError(f"{hidden(self.path)} has no column {self.time_column!r}: its columns are {names}.")
        kind = dataset.schema.field(self.time_column).type
        check_times(kind, self.time_column)
        return kind

    def _check_none_late(self, n_now: int, cursor: Cursor) -> None:
        if n_now > cursor["rows"]:
            raise DataError(
                f"{n_now - cursor['rows']} rows came to {hidden(self.path)} with times that had passed, and were not "
                f"given. Raise `lag`, which is {self.lag}, above what rows need to arrive; and put these rows in again "
                "with a later time, or begin anew without a cursor."
            )


def _count_missing(dataset: Any, column: str, kind: Any) -> int:
    """How many rows have no time. Statistics of a file know nulls and not NaN, so those are looked for in the rows."""
    arrow, compute = require("pyarrow", "tables"), require("pyarrow.compute", "tables")
    n_null = int(dataset.count_rows(filter=compute.field(column).is_null()))
    if not arrow.types.is_floating(kind):
        return n_null
    times = dataset.to_table(columns=[column]).column(column)
    return n_null + int(compute.sum(compute.is_nan(times)).as_py() or 0)


def _scalar(limit: float, kind: Any) -> Any:
    """The latest time of this type that is not after a moment."""
    arrow = require("pyarrow", "tables")
    if arrow.types.is_floating(kind):
        return arrow.scalar(limit, kind)
    if arrow.types.is_integer(kind):
        return arrow.scalar(int(limit // 1), kind)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=limit)
    if arrow.types.is_date(kind):
        return arrow.scalar(moment.date(), kind)
    micros = arrow.scalar(moment if kind.tz else moment.replace(tzinfo=None), arrow.timestamp("us", kind.tz))
    return require("pyarrow.compute", "tables").cast(micros, kind, safe=False)


def _plain(time: Any) -> Any:
    value = time.value if hasattr(time, "value") else time.as_py()
    return value.isoformat() if isinstance(value, date) else value


def _mark(cursor: Cursor, kind: Any, column: str) -> Any:
    if cursor["type"] != str(kind):
        raise DataError(
            f"Column {column!r} was of type {cursor['type']} when it was read, and is now {kind}. Write it as before, "
            "or begin anew without a cursor."
        )
    return require("pyarrow", "tables").scalar(cursor["time"], kind)
