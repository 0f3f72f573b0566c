"""Chunks out of tables: Parquet, CSV, Arrow."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import fsspec
import numpy as np

from vernal.base import DataError, Unreachable, did_you_mean, in_arrow, require
from vernal.data.chunk import Chunk


def chunk_from_table(
    source: Any,
    target: str,
    *,
    features: Sequence[str] | None = None,
    id_column: str | None = None,
    time_column: str | None = None,
    name: str = "",
) -> Chunk:
    """Read a table of numbers as a chunk: ``x`` is a row of features, float32 ``(d,)``.

    Args:
        source: a path or URL ending in ``.parquet``, ``.csv``, ``.csv.gz``, ``.arrow`` or ``.feather``; an
            Arrow table; anything that offers the Arrow C stream (a pandas, Polars or DuckDB result).
        target: the column that becomes ``y``: whole numbers and booleans int64, other numbers float32.
        features: the columns that become ``x``, in this order; by default all others.
        id_column: the column of ids.
        time_column: the column of times.
        name: how people call this chunk.

    Raises:
        DataError: an unknown column, one that is not a number, missing values in the target, or a file that cannot be
            read.
    """
    table = read_table(source) if _is_path(source) else require("pyarrow", "tables").table(source)
    special = {column for column in (target, id_column, time_column) if column is not None}
    names = [*features] if features is not None else [c for c in table.column_names if c not in special]
    for column in [*names, *special]:
        if column not in table.column_names:
            raise DataError(f"The table has no column {column!r}. {did_you_mean(column, table.column_names)}")
        if (count := table.column_names.count(column)) > 1:
            raise DataError(f"The table has {count} columns called {column!r}. Give each column a name of its own.")
    if not names:
        raise DataError(f"The table has no features: its columns are {', '.join(table.column_names)}.")
    x = np.stack([_numbers(table, column).astype(np.float32) for column in names], axis=1)
    y = _numbers(table, target)
    if y.dtype.kind == "f":
        if np.isnan(y).any():
            raise DataError(f"The target {target!r} has {int(np.isnan(y).sum())} missing values.")
        y = y.astype(np.float32)
    return Chunk.from_arrays(
        x,
        y if y.dtype.kind == "f" else y.astype(np.int64),
        ids=table.column(id_column).to_pylist() if id_column else None,
        times=_times(table, time_column) if time_column else None,
        name=name or (PurePosixPath(str(source)).stem if _is_path(source) else ""),
    )


def _is_path(source: Any) -> bool:
    return isinstance(source, str) or hasattr(source, "__fspath__")


def read_table(source: Any) -> Any:
    """Read a file as an Arrow table.

    Args:
        source: a path or URL ending in ``.parquet``, ``.csv``, ``.csv.gz``, ``.arrow`` or ``.feather``.

    Raises:
        DataError: the ending is another one; there is no such file, or it is damaged.
        Unreachable: a server or a disk did not answer.
    """
    arrow = require("pyarrow", "tables")
    path = str(source)
    kind = path.removesuffix(".gz").rpartition(".")[2].lower()
    if kind not in ("parquet", "csv", "arrow", "feather"):
        raise DataError(f"{path!r} is no table that can be read. Use .parquet, .csv, .arrow or .feather.")
    try:
        return _read(path, kind)
    except FileNotFoundError as error:
        raise DataError(f"There is no table {path!r}. Bring the file back, or name another one.") from error
    except (OSError, EOFError, zlib.error, arrow.ArrowInvalid) as error:
        if isinstance(error, OSError) and _is_away(error):
            raise Unreachable(
                f"{path!r} cannot be read: {str(error).rstrip('.')}. Check the path and your rights, and try again."
            ) from error
        raise DataError(f"{path!r} cannot be read as a table: {str(error).rstrip('.')}. Write it anew.") from error


def _is_away(error: OSError) -> bool:
    """Whether the system or a server refuses; what a reader finds wrong with bytes has no number."""
    return error.errno is not None or isinstance(error, ConnectionError | TimeoutError)


def _read(path: str, kind: str) -> Any:
    with fsspec.open(path, "rb", compression="gzip" if path.endswith(".gz") else None) as file:
        if kind == "parquet":
            return require("pyarrow.parquet", "tables").read_table(file)
        if kind == "csv":
            return require("pyarrow.csv", "tables").read_csv(in_arrow(file))
        return require("pyarrow.feather", "tables").read_table(file)


def _numbers(table: Any, column: str) -> np.ndarray[Any, Any]:
    kind, values = str(table.schema.field(column).type), table.column(column).to_numpy()
    if kind in ("null", "bool") and values.dtype == object:  # Nothing is known of some rows, or of all.
        values = values.astype(np.float64)
    if values.dtype.kind not in "iufb":
        raise DataError(
            f"Column {column!r} holds {kind}, not numbers. Encode it first, or leave it out with `features=[...]`."
        )
    numbers: np.ndarray[Any, Any] = values
    return numbers


def _times(table: Any, column: str) -> Any:
    values = table.column(column).to_numpy()
    if values.dtype != object:
        return values
    try:
        return [datetime.fromisoformat(value) if isinstance(value, str) else value for value in values]
    except ValueError as error:
        raise DataError(
            f"Column {column!r} holds texts that are no times: {error}. Write them as 2026-11-20T18:30:00Z."
        ) from error
