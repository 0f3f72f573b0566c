"""Files that appear in a folder."""

from __future__ import annotations

import glob
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import fsspec

from vernal.base import DataError, Unreachable, digest, period
from vernal.sources.landing import content_digest
from vernal.sources.moments import seconds
from vernal.sources.secret import hidden, shown
from vernal.sources.source import Arrival, Cursor, Source
from vernal.sources.tables import Extent, extent
from vernal.store import refusals

_TIMES = ("mtime", "LastModified", "last_modified", "updated", "created")  # As file systems call it.


@dataclass(frozen=True)
class Files(Source):
    """Tables that appear in a folder, on any file system that fsspec knows.

    A file counts from the time when it was last modified, and comes once. Files whose names begin with a dot or an
    underscore are not looked at, nor are those that were modified a moment ago, for somebody may still write them.

    The cursor names the files of the last `late`, with size and digest, and counts those before. So it is bounded by
    how many files come in that time; a file that appears later than that with an older time cannot be told from one
    that was there, and is an error as soon as there are more old files than were counted.

    Args:
        path: the folder: a path, or a URL such as ``"s3://bucket/in"``.
        pattern: which files, relative to the folder; ``"**/*.csv"`` looks below it, too.
        settle: how long a file must have been left alone.
        late: how much older than the newest known file a file may be when it appears (copied with its time kept).
        time_column: the column with the times of the rows, so that an arrival knows its span. Without it rows have
            no times.

    Examples:
        >>> Files("s3://bucket/in", settle="1min")
        Files(path='s3://bucket/in', pattern='*.parquet', settle='1min', late='2d', time_column=None)
    """

    path: str
    pattern: str = "*.parquet"
    settle: str = "10s"
    late: str = "2d"
    time_column: str | None = None
    name: ClassVar[str] = "files"

    def __post_init__(self) -> None:
        period(self.settle), period(self.late)

    def __repr__(self) -> str:
        return shown(self)

    def poll(self, cursor: Cursor | None, until: datetime, inbox: Path) -> Arrival | None:  # noqa: ARG002
        """The files that appeared, in the order of their times, then names. The inbox is not needed.

        Raises:
            DataError: a file has changed after it was given, appeared too late, or is no whole table.
        """
        try:
            return self._poll(_Seen.of(cursor), seconds(until))
        except refusals() as error:
            raise Unreachable(
                f"{hidden(self.path)} cannot be read: {error}. Check the path and your rights."
            ) from error

    def _poll(self, seen: _Seen, now: float) -> Arrival | None:
        system, root = fsspec.url_to_fs(self.path)
        settled = self._settled(system, root, now)
        if sum(file.time <= seen.before for file in settled) > seen.count:
            raise DataError(_too_late(self, [file for file in settled if file.time <= seen.before], seen.count))
        recent = [file for file in settled if file.time > seen.before]
        for file in recent:
            self._check_unchanged(system, root, file, seen)
        new = [file for file in recent if file.name not in seen.files]
        return self._arrival(system, root, new, settled, seen, now) if new else None

    def _settled(self, system: Any, root: str, now: float) -> list[_File]:
        """The files that match and that nobody writes, in their order."""
        system.invalidate_cache()
        if _is_local(system) and not system.isdir(root):  # Elsewhere a folder without files is none.
            hint = "; which files are read is said by `pattern=`" if glob.has_magic(root) else ""
            raise FileNotFoundError(f"there is no folder {hidden(self.path)}{hint}")
        found = system.glob(posixpath.join(glob.escape(root), self.pattern), detail=True)
        files = [_file(system, path, info, root) for path, info in found.items() if info["type"] == "file"]
        quiet = now - period(self.settle).total_seconds()
        return sorted(
            (file for file in files if file.time <= quiet and not _is_hidden(file.name)),
            key=lambda file: (file.time, file.name),
        )

    def _check_unchanged(self, system: Any, root: str, file: _File, seen: _Seen) -> None:
        """A file whose time has changed, and nothing else, is the one that was given."""
        known = seen.files.get(file.name)
        if known is None or known[:2] == [file.time, file.size]:
            return
        with system.open(posixpath.join(root, file.name), "rb") as opened:
            if content_digest(opened) != known[2]:
                raise DataError(
                    f"{file.name} in {hidden(self.path)} was given already, and now holds something else. A file must "
                    "stay as it is: write new rows to a file of another name, or use `ParquetTable` for one that grows."
                )

    def _arrival(
        self, system: Any, root: str, new: Sequence[_File], settled: Sequence[_File], seen: _Seen, now: float
    ) -> Arrival | None:
        read = [self._read(system, root, file, now) for file in new]
        contents = {file.name: content for file, (content, _) in zip(new, read, strict=True)}
        spans = [span for _, span in read]
        filled = [file for file, span in zip(new, spans, strict=True) if span.rows]
        if not filled:
            return None
        return Arrival(
            files=tuple(_address(system, posixpath.join(root, file.name)) for file in filled),
            rows=sum(span.rows for span in spans),
            digest=digest([content for content, _ in read]),
            since=min((span.since for span in spans if span.since is not None), default=None),
            until=max((span.until for span in spans if span.until is not None), default=None),
            cursor=seen.after(settled, contents, period(self.late).total_seconds()).to_json(),
        )

    def _read(self, system: Any, root: str, file: _File, now: float) -> tuple[str, Extent]:
        with system.open(posixpath.join(root, file.name), "rb") as opened:
            content = content_digest(opened)
            opened.seek(0)
            span = extent(opened, file.name, self.time_column)
        if span.until is not None and span.until > now:
            raise DataError(
                f"{file.name} in {hidden(self.path)} holds rows of {datetime.fromtimestamp(span.until, UTC)}, which "
                f"is later than now. Correct the column {self.time_column!r}, or the clock."
            )
        return content, span


@dataclass(frozen=True)
class _File:
    """A file: its name in the folder, when it was modified, and how many bytes it has."""

    name: str
    time: float
    size: int


@dataclass(frozen=True)
class _Seen:
    """A cursor: `count` files not younger than `before`, and younger ones by name: time, size and digest."""

    before: float
    count: int
    files: Mapping[str, Sequence[Any]]

    @classmethod
    def of(cls, cursor: Cursor | None) -> _Seen:
        if cursor is None:
            return cls(float("-inf"), 0, {})
        before = cursor["before"]
        return cls(float("-inf") if before is None else before, cursor["count"], cursor["files"])

    def after(self, settled: Sequence[_File], contents: Mapping[str, str], late: float) -> _Seen:
        """What is known when files of these contents were given. Names older than `late` are forgotten, and counted."""
        digests = {name: known[2] for name, known in self.files.items()} | dict(contents)
        here = {file.name: [file.time, file.size, digests[file.name]] for file in settled if file.name in digests}
        files = {**self.files, **here}
        before = max(self.before, max(time for time, *_ in files.values()) - late)
        count = sum(file.time <= before for file in settled)
        return _Seen(before, count, {name: known for name, known in files.items() if known[0] > before})

    def to_json(self) -> Cursor:
        return {"before": self.before, "count": self.count, "files": dict(self.files)}


def _file(system: Any, path: str, info: Mapping[str, Any], root: str) -> _File:
    times = [info[key] for key in _TIMES if info.get(key) is not None]
    moment = times[0] if times else system.modified(path)
    return _File(posixpath.relpath(path, root), seconds(moment), int(info["size"] or 0))


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.split("/"))


def _address(system: Any, path: str) -> str:
    return path if _is_local(system) else str(system.unstrip_protocol(path))


def _is_local(system: Any) -> bool:
    return "file" in ((system.protocol,) if isinstance(system.protocol, str) else system.protocol)


def _too_late(source: Files, old: Sequence[_File], count: int) -> str:
    until = datetime.fromtimestamp(old[-1].time, UTC)
    return (
        f"{hidden(source.path)} holds {len(old)} files that were modified until {until}, and {count} of them were "
        f"given: others came more than `late` ({source.late}) after their time. Touch those, or copy them under new "
        "names, and they come as new ones."
    )
