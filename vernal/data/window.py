"""A piece of a stream: the files of one update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from vernal.base import DataError, require
from vernal.data.chunk import Chunk
from vernal.data.tables import chunk_from_table, read_table


@dataclass(frozen=True)
class Window:
    """What `data_module_fn` is given where vernal says which data an update learns, instead of the user.

    Args:
        files: tables, as paths or URLs: Parquet, CSV, Arrow. In the order in which they came.
        name: how people call it; by default the time that it spans, or its last file.
        since: the time of the earliest row, seconds since 1970; None where rows have no times.
        until: the time of the latest row.

    Raises:
        DataError: there are no files, or one is named twice.

    Examples:
        A config file that learns whatever the loop gives it::

            def data_module_fn(window: Window) -> DataModule:
                chunk = window.chunk(target="late", id_column="flight", time_column="departure")
                train, validation = chunk.split([0.8, 0.2], seed=0)
                return DataModule(train=train, validation=validation)
    """

    files: tuple[str, ...]
    name: str = ""
    since: float | None = None
    until: float | None = None

    def __post_init__(self) -> None:
        files: object = self.files
        if not isinstance(files, tuple) or not files or not all(isinstance(file, str) for file in files):
            raise DataError(f"`files` of a window must be a tuple of one or more paths or URLs, got {self.files!r}.")
        if twice := sorted({file for file in self.files if self.files.count(file) > 1}):
            raise DataError(f"A window names {', '.join(twice)} twice, and would learn its rows twice. Name it once.")

    def table(self) -> Any:
        """All rows as one Arrow table; a column that some files lack is null there.

        Where files have different types for a column, it takes what holds all their values: numbers become decimal
        ones, texts and whole numbers texts, times and dates times in UTC.

        Raises:
            DataError: a file cannot be read, or a column is of another type in another file.
        """
        arrow = require("pyarrow", "tables")
        tables = [read_table(file) for file in self.files]
        try:
            return arrow.concat_tables(_alike(tables), promote_options="permissive")
        except (arrow.ArrowInvalid, arrow.ArrowTypeError) as error:
            raise DataError(
                f"The files of {self.name or 'the window'} do not make one table: {str(error).rstrip('.')}. Give every "
                "column one name, and one type in all of them."
            ) from error

    def chunk(
        self,
        target: str,
        *,
        features: Sequence[str] | None = None,
        id_column: str | None = None,
        time_column: str | None = None,
    ) -> Chunk:
        """All rows as a chunk of numbers; as `chunk_from_table` reads one table.

        Args:
            target: the column that becomes ``y``.
            features: the columns that become ``x``, in this order; by default all others, by their names, since files
                may have them in any order.
            id_column: the column of ids.
            time_column: the column of times.

        Raises:
            DataError: an unknown column, one that is not a number, or missing values in the target.
        """
        table = self.table()
        special = {target, id_column, time_column}
        return chunk_from_table(
            table,
            target,
            features=features if features is not None else sorted({*table.column_names} - special),
            id_column=id_column,
            time_column=time_column,
            name=self.name or self.files[-1].rpartition("/")[2],
        )


def _alike(tables: Sequence[Any]) -> list[Any]:
    """Tables whose columns Arrow can put together: it does not mix texts with numbers, or zones."""
    types: dict[str, set[Any]] = {}
    for table in tables:
        for field in table.schema:
            types.setdefault(field.name, set()).add(field.type)
    common = {name: kind for name, several in types.items() if (kind := _common_type(several)) is not None}
    return [_cast(table, common) for table in tables]


def _common_type(types: Set[Any]) -> Any:
    """What holds texts and whole numbers, or times; None where Arrow knows, or nothing does."""
    arrow = require("pyarrow", "tables")
    known = types - {arrow.null()}
    texts, numbers, times = (
        {one for one in known if any(is_one(one) for is_one in kinds)}
        for kinds in (
            (arrow.types.is_string, arrow.types.is_large_string),
            (arrow.types.is_integer,),
            (arrow.types.is_timestamp, arrow.types.is_date),
        )
    )
    if texts and numbers and known == texts | numbers:
        return arrow.string()
    return arrow.timestamp("us", "UTC") if len(times) > 1 and known == times else None


def _cast(table: Any, types: Mapping[str, Any]) -> Any:
    for place, name in enumerate(table.column_names):
        if name in types:
            column = table.column(place).cast(types[name], safe=False)  # Nanoseconds are let go.
            table = table.set_column(place, name, column)
    return table
