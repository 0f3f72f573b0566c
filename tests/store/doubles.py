"""Doubles and small makers for the tests of the store."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from vernal.base import StateError
from vernal.store import Entry, FileJournal, Files, Journal, Store

ROOT = Path(__file__).parents[2]  # Where programs that tests start find `tests`.
MOMENTS = ("before", "during", "after")


class FailingFiles(Files):
    """Files whose k-th change fails: before it, with half of it done out of sight, or just after it.

    Args:
        inner: the files that do the work.
        at: which change fails, from 1.
        moment: one of `MOMENTS`.
    """

    def __init__(self, inner: Files, at: int, moment: str) -> None:
        super().__init__(inner.url, inner.folder)
        self.is_local = inner.is_local
        self.failed = False
        self._inner = inner
        self._left = at
        self._moment = moment

    def write(self, path: str, data: bytes) -> None:
        with self.change(path, data):
            self._inner.write(path, data)

    def create(self, path: str, data: bytes) -> None:
        with self.change(path, data):
            self._inner.create(path, data)

    def put_file(self, path: str, local: Path) -> None:
        with self.change(path, local.read_bytes()):
            self._inner.put_file(path, local)

    def touch(self, path: str) -> None:
        with self.change(path, b""):
            self._inner.touch(path)

    def remove(self, path: str) -> None:
        with self.change(path, b""):
            self._inner.remove(path)

    def read(self, path: str) -> bytes:
        return self._inner.read(path)

    def read_many(self, paths: Sequence[str]) -> list[bytes]:
        return self._inner.read_many(paths)

    def local(self, path: str, fresh: bool = False) -> Path:
        return self._inner.local(path, fresh)

    def list(self, prefix: str) -> Iterator[str]:
        return self._inner.list(prefix)

    def leftovers(self, prefix: str) -> Iterator[str]:
        return self._inner.leftovers(prefix)

    def is_empty(self) -> bool:
        return self._inner.is_empty()

    def size(self, path: str) -> int:
        return self._inner.size(path)

    def modified(self, path: str) -> datetime:
        return self._inner.modified(path)

    @contextmanager
    def change(self, path: str, data: bytes) -> Iterator[None]:
        self._left -= 1
        if self._left == 0 and self._moment == "before":
            self._fail()
        if self._left == 0 and self._moment == "during":
            self._leave_half(path, data)
            self._fail()
        yield
        if self._left == 0:
            self._fail()

    def _leave_half(self, path: str, data: bytes) -> None:
        if self.is_local:
            half = (self.folder / path).with_name(".vernal-killed.tmp")
            half.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(data[: len(data) // 2])

    def _fail(self) -> None:
        self.failed = True
        raise StateError("the disk is full")


class FailingJournal:
    """A history in a database; to add an entry is one more change of the files beside it, and can fail like others.

    Args:
        inner: does the work.
        files: fail.
    """

    def __init__(self, inner: Journal, files: FailingFiles) -> None:
        self._inner = inner
        self._files = files

    def last(self) -> Entry | None:
        return self._inner.last()

    def entries(self, after: int = 0) -> list[Entry]:
        return self._inner.entries(after)

    def append(self, kind: str, payload: Mapping[str, Any], champion: str | None, after: int) -> Entry:
        with self._files.change("blobs/journal", b""):
            return self._inner.append(kind, payload, champion, after)

    def appended(self, kind: str, payload: Mapping[str, Any], champion: str | None, after: int) -> bool:
        with self._files.change("blobs/journal", b""):
            return self._inner.appended(kind, payload, champion, after)


def failing_store(files: FailingFiles) -> Store:
    """A store whose k-th change fails, be it in the files or in a database."""
    store = Store(files)
    if not isinstance(store._journal, FileJournal):
        store._journal = FailingJournal(store._journal, files)
    return store


def make_record(store: Store, id: str, **fields: Any) -> dict[str, Any]:
    """A record with a model of its own, and a memory whose index needs a segment."""
    model = store.blobs.put(f"model of {id}".encode())
    segment = store.blobs.put(f"segment of {id}".encode())
    index = store.blobs.put(f"index of {id}: {segment}".encode())
    artefacts = {
        "model": {"blob": model, "bytes": store.blobs.size(model)},
        "memory": {"blob": index, "bytes": store.blobs.size(index), "needs": [segment]},
    }
    facts = {"id": id, "name": f"name-{id}", "request": f"request-{id}", "artefacts": artefacts}
    return {**facts, **fields}


def commit(store: Store, id: str, promote: bool = True, **fields: Any) -> dict[str, Any]:
    """Commit a record that was trained from the champion."""
    return store.commit(make_record(store, id, **fields), promote, store.champion)


def overwrite(files: Files, path: str, data: bytes) -> None:
    """Change stored bytes behind the store's back."""
    if files.is_local:
        (files.folder / path).chmod(0o644)
        (files.folder / path).write_bytes(data)
        os.utime(files.folder / path, (0, 0))  # Else a coarse clock may show the old time.
    else:
        files.write(path, data)
        files.local(path, fresh=True)


def state_of(files: Files) -> dict[str, bytes]:
    """All bytes that are stored, by path; not what is no state."""
    return {path: files.read(path) for top in ("journal", "blobs") for path in files.list(top)}


def race(programs: Sequence[Sequence[str]]) -> list[str]:
    """Run programs (source, arguments) at once, and return what each printed.

    Each prints ``ready`` when it has started, and waits for a line before it goes on.
    """
    pipe = subprocess.PIPE
    racing = [
        subprocess.Popen([sys.executable, "-c", *program], stdin=pipe, stdout=pipe, text=True) for program in programs
    ]
    for process in racing:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in racing:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [process.communicate(timeout=60)[0] for process in racing]
