"""Tables in files: how many rows, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vernal.base import DataError, in_arrow, require
from vernal.sources.moments import column_seconds

ENDINGS = (".parquet", ".csv", ".csv.gz", ".arrow", ".feather")


@dataclass(frozen=True)
class Extent:
    """How far a table reaches.

    Args:
        rows: how many it has.
        since: the earliest time, seconds since 1970; None without a column of times.
        until: the latest time.
    """

    rows: int
    since: float | None = None
    until: float | None = None


def read_table(file: Any, name: str, columns: list[str] | None = None) -> Any:
    """All rows of an open binary file as an Arrow table.

    Args:
        file: the file.
        name: its name, whose ending says what it is.
        columns: the columns to read; all by default.

    Raises:
        DataError: it is no such table, or not a whole one.
    """
    arrow = require("pyarrow", "tables")
    try:
        return _reader(name)(file, columns)
    except arrow.ArrowException as error:
        raise DataError(f"{name} is no table, or not a whole one: {_first_line(error)}. {_HOW}") from error


def extent(file: Any, name: str, time_column: str | None) -> Extent:
    """How many rows an open file has, and the times of the first and the last one.

    Raises:
        DataError: it is no table, or not a whole one; rows without a time.
    """
    if time_column is None:
        return Extent(_count(file, name))
    times = column_seconds(read_table(file, name, [time_column]), time_column)
    return Extent(len(times), float(times.min()), float(times.max())) if len(times) else Extent(0)


_HOW = "Write it under another name and rename it when it is finished."


def _count(file: Any, name: str) -> int:
    if not name.endswith(".parquet"):
        return int(read_table(file, name).num_rows)
    arrow, parquet = require("pyarrow", "tables"), require("pyarrow.parquet", "tables")
    try:
        return int(parquet.ParquetFile(file).metadata.num_rows)
    except arrow.ArrowException as error:
        raise DataError(f"{name} is no table, or not a whole one: {_first_line(error)}. {_HOW}") from error


def _reader(name: str) -> Any:
    if name.endswith(".parquet"):
        return _parquet
    if name.endswith((".csv", ".csv.gz")):
        return _zipped_csv if name.endswith(".gz") else _csv
    if name.endswith((".arrow", ".feather")):
        return _feather
    raise DataError(f"{name} is no table that can be read. Allowed endings: {', '.join(ENDINGS)}.")


def _parquet(file: Any, columns: list[str] | None) -> Any:
    parquet = require("pyarrow.parquet", "tables").ParquetFile(file)
    is_there = columns is not None and {*columns} <= {*parquet.schema_arrow.names}
    return parquet.read(columns if is_there else None)  # Who misses a column can then say which there are.


def _csv(file: Any, columns: list[str] | None) -> Any:
    del columns  # All of a text must be read anyway.
    return require("pyarrow.csv", "tables").read_csv(in_arrow(file))


def _zipped_csv(file: Any, columns: list[str] | None) -> Any:
    return _csv(require("pyarrow", "tables").CompressedInputStream(file, "gzip"), columns)


def _feather(file: Any, columns: list[str] | None) -> Any:
    del columns
    return require("pyarrow.feather", "tables").read_table(file)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
