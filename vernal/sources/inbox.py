"""Rows in the tables of an inbox: found by their ids, and erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vernal.base import DataError, require
from vernal.sources.landing import remove_unfinished, rewrite


@dataclass(frozen=True)
class Found:
    """Rows in tables.

    Args:
        rows: how many of the rows that were looked for.
        tables: the files that have, or had, some of them.
        unsearched: the files that could not be searched, for they have no such column of ids.
    """

    rows: int = 0
    tables: tuple[str, ...] = ()
    unsearched: tuple[str, ...] = ()

    def __add__(self, other: Found) -> Found:
        return Found(self.rows + other.rows, self.tables + other.tables, self.unsearched + other.unsearched)


def find_rows(inbox: Path, ids: Sequence[str], column: str | None) -> Found:
    """Look for rows.

    Args:
        inbox: the folder.
        ids: the rows' ids as texts; a whole number and its digits are one id.
        column: the column of ids; tables that have none like it, or one of other values, are not searched.

    Raises:
        DataError: a table is damaged.
    """
    return sum((_found(file, _mask(file, ids, column)) for file in _tables(inbox)), Found())


def erase_rows(inbox: Path, ids: Sequence[str], column: str | None) -> Found:
    """Write every table anew that has some rows, without them, under the same name. Done again, it finds none.

    What killed processes have left unfinished is removed. Nobody may be landing anything meanwhile.

    Args:
        inbox: the folder.
        ids: the rows' ids as texts; a whole number and its digits are one id.
        column: the column of ids; tables that have none like it, or one of other values, are not searched.

    Raises:
        DataError: a table is damaged.
        StateError: the disk refuses; do it again.
    """
    remove_unfinished(inbox)
    found = Found()
    for file in _tables(inbox):
        mask = _mask(file, ids, column)
        one = _found(file, mask)
        if one.rows:
            invert = require("pyarrow.compute", "tables").invert
            rewrite(_read(file).filter(invert(mask)), file)
        found += one
    return found


def _tables(inbox: Path) -> list[Path]:
    return sorted(inbox.glob("*.parquet"))


def _found(file: Path, mask: Any) -> Found:
    if mask is None:
        return Found(unsearched=(str(file),))
    rows = int(require("pyarrow.compute", "tables").sum(mask).as_py() or 0)
    return Found(rows, (str(file),)) if rows else Found()


def _mask(file: Path, ids: Sequence[str], column: str | None) -> Any:
    """Which rows are looked for; None where that cannot be told."""
    if column is None:
        return None
    arrow = require("pyarrow", "tables")
    values = _read(file, column)
    if values is None or not _are_ids(values.type):
        return None
    wanted = arrow.array([*ids], arrow.large_string())
    return require("pyarrow.compute", "tables").is_in(values.cast(arrow.large_string()), value_set=wanted)


def _are_ids(kind: Any) -> bool:
    """Whether a column holds what ids can be: texts or whole numbers, or nothing at all."""
    types = require("pyarrow", "tables").types
    known = (types.is_string, types.is_large_string, types.is_integer, types.is_null)
    return any(is_one(kind) for is_one in known)


def _read(file: Path, column: str | None = None) -> Any:
    """The table; or one column of it with its values written out, None if it has none like it."""
    arrow, parquet = require("pyarrow", "tables"), require("pyarrow.parquet", "tables")
    try:
        with parquet.ParquetFile(file) as opened:
            if column is None:
                return opened.read()
            if column not in opened.schema_arrow.names:
                return None
            values = opened.read([column]).column(0)
    except (arrow.ArrowException, OSError) as error:
        raise DataError(
            f"{file} cannot be read, so that nobody can tell which rows it holds: {str(error).partition(chr(10))[0]}. "
            "Bring it back from a backup or remove it, and do it again."
        ) from error
    return values.cast(values.type.value_type) if arrow.types.is_dictionary(values.type) else values
