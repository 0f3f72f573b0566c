"""Times as seconds since 1970, whatever they came as. A time without a zone is UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np

from vernal.base import DataError, require

Seconds = np.ndarray[Any, np.dtype[np.float64]]


def seconds(moment: Any, column: str = "time") -> float:
    """One time as seconds since 1970.

    Args:
        moment: a datetime, a date, ISO 8601 text, or a number, which is seconds already.
        column: where it stands, for the message.

    Raises:
        DataError: it is no time.

    Examples:
        >>> seconds("1970-01-02T00:00:00Z"), seconds(datetime(1970, 1, 1, 1)), seconds(2.5)
        (86400.0, 3600.0, 2.5)
    """
    if isinstance(moment, str):
        moment = _read(moment, column)
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(moment, date):
        return datetime.combine(moment, time(), UTC).timestamp()
    try:
        return float(moment)
    except (TypeError, ValueError):
        raise DataError(f"Column {column!r} holds {moment!r}, which is no time. {_ALLOWED}") from None


def column_seconds(table: Any, column: str) -> Seconds:
    """A column of times of an Arrow table, ``(n,)`` float64.

    Raises:
        DataError: there is no such column, it holds no times, or a row has none.
    """
    arrow, compute = require("pyarrow", "tables"), require("pyarrow.compute", "tables")
    if column not in table.column_names:
        raise DataError(f"The table has no column {column!r}: its columns are {', '.join(table.column_names)}.")
    values = table.column(column)
    check_times(values.type, column)
    if n_missing := values.null_count:
        raise DataError(missing(n_missing, column))
    if arrow.types.is_date(values.type):
        values = values.cast(arrow.timestamp("s"))
    if arrow.types.is_timestamp(values.type):
        micros = compute.cast(values, arrow.timestamp("us", values.type.tz), safe=False).cast(arrow.int64())
        return np.asarray(micros.to_numpy() / 1e6, np.float64)
    found = np.asarray(values.to_numpy(), np.float64)
    if n_missing := int(np.isnan(found).sum()):
        raise DataError(missing(n_missing, column))
    return found


def check_times(kind: Any, column: str) -> None:
    """Demand an Arrow type that holds times: timestamps, dates, or numbers of seconds since 1970."""
    types = require("pyarrow", "tables").types
    tests = (types.is_timestamp, types.is_date, types.is_integer, types.is_floating)
    if not any(test(kind) for test in tests):
        raise DataError(f"Column {column!r} holds {kind}, which is no time. {_ALLOWED}")


def missing(n_rows: int | str, column: str) -> str:
    """The sentence about rows without a time."""
    return (
        f"{n_rows} rows have no time: column {column!r} is empty there. They could never be given exactly once. "
        "Fill it in, or leave these rows out of the table or query."
    )


_ALLOWED = "Times are timestamps, dates, ISO 8601 text in SQL, or numbers of seconds since 1970."


def _read(text: str, column: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise DataError(f"Column {column!r} holds {text!r}, which is no time. {_ALLOWED}") from None
