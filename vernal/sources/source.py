"""What a source is: something that gives what came after a cursor, and where to go on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

Cursor = Mapping[str, Any]


@dataclass(frozen=True)
class Arrival:
    """What came, as files that stay as they are until the update that learns them is settled.

    Args:
        files: tables, as paths or URLs: files of the user, or Parquet files into which a source wrote what it read.
        rows: how many rows they hold.
        digest: a digest over the content, so that the same arrival is known again.
        since: the time of the earliest row, seconds since 1970; None where rows have no times.
        until: the time of the latest row.
        cursor: where to go on: plain values, as a JSON document can hold them.
    """

    files: tuple[str, ...]
    rows: int
    digest: str
    since: float | None
    until: float | None
    cursor: Cursor


class Source(ABC):
    """Something that brings rows; a frozen dataclass of settings.

    A source keeps no state. Whoever polls keeps the cursor, and stores it together with what was done with the rows:
    so every row counts exactly once, whatever is killed when. Polled again with the same cursor, it gives the same
    rows (and perhaps more).

    Attributes:
        name: what the source is called in messages, and its files in an inbox.
    """

    name: ClassVar[str]

    @abstractmethod
    def poll(self, cursor: Cursor | None, until: datetime, inbox: Path) -> Arrival | None:
        """What came after a cursor and not after `until`; None if nothing did.

        Args:
            cursor: where the last arrival ended; None for the beginning.
            until: nothing later is given, so that a backtest never sees the future.
            inbox: a folder of the caller's for tables of what was read, where the source has no files itself.

        Raises:
            DataError: what is there cannot be read, or is not what it was; `Unreachable` if it may be there later.
        """
