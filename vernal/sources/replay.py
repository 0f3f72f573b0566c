"""History, given bit by bit as a clock allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import numpy as np

from vernal.base import DataError, check_whole, require
from vernal.sources.landing import land
from vernal.sources.moments import Seconds, column_seconds, seconds
from vernal.sources.secret import hidden, shown
from vernal.sources.source import Arrival, Cursor, Source
from vernal.sources.tables import read_table
from vernal.store import refusals


@dataclass(frozen=True)
class Replay(Source):
    """A table of the past, for backtests: poll gives what had come by then, and never anything later.

    Args:
        history: a path or URL of a table, a mapping of names to arrays of one length, or anything that offers the
            Arrow C stream (an Arrow table, a pandas or Polars frame). It is sorted by time when first polled, and kept.
        time_column: timestamps, dates, or seconds since 1970. Never null.
        max_rows: how many rows come at once, at most; None for all.

    Examples:
        >>> import tempfile
        >>> history = {"time": np.array([3.0, 1.0, 2.0]), "x": np.array([30, 10, 20])}
        >>> with tempfile.TemporaryDirectory() as inbox:
        ...     arrival = Replay(history).poll(None, datetime.fromisoformat("1970-01-01T00:00:02Z"), Path(inbox))
        >>> arrival.rows, arrival.until, arrival.cursor
        (2, 2.0, {'rows': 2})
    """

    history: Any
    time_column: str = "time"
    max_rows: int | None = None
    name: ClassVar[str] = "replay"

    def __post_init__(self) -> None:
        if self.max_rows is not None:
            check_whole("max_rows", self.max_rows, 1)

    def __repr__(self) -> str:
        if isinstance(self.history, str):
            return shown(self)
        return f"Replay(<{type(self.history).__name__}>, time_column={self.time_column!r}, max_rows={self.max_rows})"

    def poll(self, cursor: Cursor | None, until: datetime, inbox: Path) -> Arrival | None:
        """The rows behind the cursor whose times are not after `until`, as a file in the inbox."""
        table, times = self._sorted
        start = cursor["rows"] if cursor else 0
        if start > len(times):
            raise DataError(f"{start} rows of this history were given, and it has {len(times)}. It must not change.")
        end = int(np.searchsorted(times, seconds(until), side="right"))
        end = end if self.max_rows is None else min(end, start + self.max_rows)
        if end <= start:
            return None
        part = slice(start, end)
        return land(table.slice(start, end - start), times[part], inbox, self.name, cursor, {"rows": end})

    @cached_property
    def _sorted(self) -> tuple[Any, Seconds]:
        """The history in the order of time, and the times. A function of the settings, and so no state."""
        table = self._table()
        times = column_seconds(table, self.time_column)
        order = np.argsort(times, kind="stable")
        return table.take(order), times[order]

    def _table(self) -> Any:
        if not isinstance(self.history, str | Path):
            return require("pyarrow", "tables").table(self.history)
        try:
            with fsspec.open(str(self.history), "rb") as file:
                return read_table(file, str(self.history))
        except refusals() as error:
            raise DataError(f"{hidden(str(self.history))} cannot be read: {error}. Check the path.") from error
