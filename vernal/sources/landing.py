"""What was read, as a Parquet file in the inbox of whoever polled."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vernal.base import StateError, digest, require
from vernal.sources.moments import Seconds
from vernal.sources.source import Arrival, Cursor


def land(table: Any, times: Seconds, inbox: Path, source: str, before: Cursor | None, after: Cursor) -> Arrival:
    """Write rows so that a file with a name is a whole file, and never becomes another one.

    The name says between which cursors the rows lie, and what they are. If a process dies before its caller has
    stored the cursor, the file is written again with the same name, or stays as an orphan that nobody names.

    Args:
        table: the rows, an Arrow table.
        times: their times, ``(n,)``.
        inbox: the folder; made if it is missing.
        source: the name of the source.
        before: the cursor that was polled with.
        after: the cursor behind the rows.

    Raises:
        StateError: the disk refuses.
    """
    try:
        file, content = _write(table, inbox, f"{source}-{digest([before, after])[:12]}")
    except OSError as error:
        raise StateError(
            f"{table.num_rows:,} rows that were read from {source!r} could not be written to {inbox}: {error}. "
            "Make room there and poll again; nothing is lost."
        ) from error
    return Arrival((str(file),), table.num_rows, content, float(times.min()), float(times.max()), after)


def rewrite(table: Any, file: Path) -> None:
    """Put other rows in the place of those of a file that was landed; after a crash it has the ones or the others.

    Raises:
        StateError: the disk refuses; the file is as it was.
    """
    try:
        with _unfinished(file.parent, file.stem) as temporary:
            _forced(table, temporary)
            temporary.replace(file)
        _settle(file.parent)
    except OSError as error:
        raise StateError(f"{file} could not be written anew: {error}. Make room there and do it again.") from error


def remove_unfinished(inbox: Path) -> None:
    """Remove what processes left that were killed while they wrote. Nobody may be landing anything meanwhile."""
    for path in inbox.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def content_digest(file: Any) -> str:
    """The SHA-256 of an open binary file, 64 hexadecimal digits."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def _write(table: Any, inbox: Path, name: str) -> tuple[Path, str]:
    inbox.mkdir(parents=True, exist_ok=True)
    with _unfinished(inbox, name) as temporary:
        content = _forced(table, temporary)
        target = inbox / f"{name}-{content[:12]}.parquet"
        temporary.replace(target)
    _settle(inbox)
    return target, content


@contextmanager
def _unfinished(inbox: Path, name: str) -> Iterator[Path]:
    """A path that no source and no loop takes for a table; nothing is there afterwards."""
    temporary = inbox / f".{name}.{secrets.token_hex(8)}.tmp"
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _forced(table: Any, path: Path) -> str:
    """Write a table and force it to disk; the digest of the file."""
    require("pyarrow.parquet", "tables").write_table(table, path)
    with path.open("rb+") as file:
        content = content_digest(file)
        os.fsync(file.fileno())
    return content


def _settle(folder: Path) -> None:
    """Force a folder's list of names to disk, where folders can be opened."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
