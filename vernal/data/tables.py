"""Chunks out of tables: Parquet, CSV, Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import fsspec
import numpy as np

from vernal.base import DataError, did_you_mean, require
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
        DataError: an unknown column, one that is not a number, or missing values in the target.
    """
    table = read_table(source) if _is_path(source) else require("pyarrow", "tables").table(source)
    special = {column for column in (target, id_column, time_column) if column is not None}
    names = [*features] if features is not None else [c for c in table.column_names if c not in special]
    for column in [*names, *special]:
        if column not in table.column_names:
            raise DataError(f"The table has no column {column!r}. {did_you_mean(column, table.column_names)}")
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
        DataError: the ending is another one.
    """
    require("pyarrow", "tables")
    path = str(source)
    kind = path.removesuffix(".gz").rpartition(".")[2].lower()
    if kind not in ("parquet", "csv", "arrow", "feather"):
        raise DataError(f"{path!r} is no table that can be read. Use .parquet, .csv, .arrow or .feather.")
    compression = "gzip" if path.endswith(".gz") else None
    with fsspec.open(path, "rb", compression=compression) as file:
        if kind == "parquet":
            return require("pyarrow.parquet", "tables").read_table(file)
        if kind == "csv":
            return require("pyarrow.csv", "tables").read_csv(file)
        return require("pyarrow.feather", "tables").read_table(file)


def _numbers(table: Any, column: str) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = table.column(column).to_numpy()
    if values.dtype.kind not in "iufb":
        raise DataError(
            f"Column {column!r} holds {table.schema.field(column).type}, not numbers. "
            "Encode it first, or leave it out with `features=[...]`."
        )
    return values


def _times(table: Any, column: str) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = table.column(column).to_numpy()
    return values.astype("datetime64[us]") if values.dtype == object else values
