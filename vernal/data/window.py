"""A piece of a stream: the files of one update."""

from __future__ import annotations

from collections.abc import Sequence
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
        DataError: there are no files.

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

    def table(self) -> Any:
        """All rows as one Arrow table; a column that some files lack is null there.

        Raises:
            DataError: a file cannot be read, or a column is of another type in another file.
        """
        arrow = require("pyarrow", "tables")
        try:
            return arrow.concat_tables([read_table(file) for file in self.files], promote_options="permissive")
        except arrow.ArrowInvalid as error:
            raise DataError(f"The files of {self.name or 'the window'} do not make one table: {error}.") from error

    def chunk(
        self,
        target: str,
        *,
        features: Sequence[str] | None = None,
        id_column: str | None = None,
        time_column: str | None = None,
    ) -> Chunk:
        """All rows as a chunk of numbers; as `chunk_from_table` reads one table.

        Raises:
            DataError: an unknown column, one that is not a number, or missing values in the target.
        """
        name = self.name or self.files[-1].rpartition("/")[2]
        return chunk_from_table(
            self.table(), target, features=features, id_column=id_column, time_column=time_column, name=name
        )
