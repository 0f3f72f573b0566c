"""Immutable bytes, named by their hash."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from vernal.base import CorruptState, StateError, StateNotFound, SystemClock, digest
from vernal.store.files import Files
from vernal.store.verified import Verified, hash_file

_NAME = re.compile(r"[0-9a-f]{64}")
_YOUNG = timedelta(days=1)  # Younger files are not touched again: each touch costs a re-hash elsewhere.


class Blobs:
    """Immutable bytes under their SHA-256: ``blobs/ab/ab12...``.

    The same bytes are stored once. What comes out was checked against its name.

    Args:
        files: where they lie.

    Examples:
        >>> import tempfile
        >>> from vernal.store import open_files
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     blobs = Blobs(open_files(folder))
        ...     name = blobs.put(b"weights")
        ...     name[:8], blobs.get(name), blobs.size(name)
        ('9a129038', b'weights', 7)
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._verified = Verified(files.folder / "verified.txt")

    def put(self, data: bytes) -> str:
        """Store bytes, and return their hash. Nothing is written if they are there, and whole."""
        name = digest(data)
        if not self._kept(name, len(data)):
            self._files.write(_path(name), data)
            if self._files.is_local:
                self._verified.remember(name, self._files.local(_path(name)))
        return name

    def put_file(self, path: Path) -> str:
        """Take over a finished file of any size, which is then gone from where it was.

        Nothing of it is held in memory. A symbolic link, or a file with other hard links, is copied.
        """
        name = hash_file(path)
        if self._kept(name, path.stat().st_size):
            path.unlink()
            return name
        self._files.put_file(_path(name), path)
        self._verified.remember(name, self._files.local(_path(name)))
        return name

    def get(self, name: str) -> bytes:
        """The bytes, checked against their hash.

        Raises:
            StateNotFound: there is no such blob.
            CorruptState: what is there is something else.
        """
        return self.get_many([name])[0]

    def get_many(self, names: Sequence[str]) -> list[bytes]:
        """The bytes of several small blobs, in their order; at once where they are far away.

        Raises:
            StateNotFound: one is not there.
            CorruptState: one is something else.
        """
        try:
            found = self._files.read_many([_path(name) for name in names])
        except FileNotFoundError as error:
            raise self._missing(str(error).rpartition("/")[2]) from None
        for name, data in zip(names, found, strict=True):
            if digest(data) != name:
                raise self._corrupt(name)
        return found

    def path(self, name: str) -> Path:
        """A local file with the bytes, checked against their hash, for memory-mapping. Never write to it.

        Raises:
            StateNotFound: there is no such blob.
            CorruptState: what is there is something else.
        """
        try:
            local = self._files.local(_path(name))
            if self._verified.holds(name, local):
                return local
            local = self._files.local(_path(name), fresh=True)  # Perhaps only the copy is bad.
            if self._verified.holds(name, local):
                return local
        except FileNotFoundError:
            raise self._missing(name) from None
        raise self._corrupt(name)

    def size(self, name: str) -> int:
        """The number of bytes."""
        try:
            return self._files.size(_path(name))
        except FileNotFoundError:
            raise self._missing(name) from None

    def remove(self, name: str) -> None:
        """Remove a blob and any local copy of it; nothing happens if it is not there."""
        self._files.remove(_path(name))

    def modified(self, name: str) -> datetime:
        """When a blob was put, or put again."""
        try:
            return self._files.modified(_path(name))
        except FileNotFoundError:
            raise self._missing(name) from None

    def forget_all_but(self, names: set[str]) -> None:
        """Shorten the memory of what was verified to blobs that are still there."""
        self._verified.keep_only(names)

    def damaged(self) -> list[str]:
        """Hash every blob anew, whatever is remembered, and list those that are not what was put."""
        return [name for name in self if not self._is_whole(name)]

    def __iter__(self) -> Iterator[str]:
        names = (path.rpartition("/")[2] for path in self._files.list("blobs"))
        return (name for name in names if _NAME.fullmatch(name))

    def __contains__(self, name: str) -> bool:
        return self._files.exists(_path(name))

    def _is_whole(self, name: str) -> bool:
        try:
            return hash_file(self._files.local(_path(name), fresh=True)) == name
        except FileNotFoundError:
            return True  # It was removed a moment ago. Whether it is missed is another question.

    def _kept(self, name: str, size: int) -> bool:
        """Whether a blob is there and whole; if so it is made young, safe from garbage collection."""
        path = _path(name)
        try:
            if self._files.size(path) != size:
                return False
            if not self._files.is_local:
                return True  # An object store checks its uploads; reading it back would be dear.
            if not self._verified.holds(name, self._files.local(path)):
                return False
            if self._files.modified(path) < SystemClock().now() - _YOUNG:
                self._files.touch(path)
                self._verified.remember(name, self._files.local(path))
        except FileNotFoundError:
            return False
        return True

    def _missing(self, name: str) -> StateNotFound:
        return StateNotFound(
            f"Blob {name[:12]} is not in {self._files.url}. Copy {_path(name)} back from a backup, "
            "or go on from a record that does not need it."
        )

    def _corrupt(self, name: str) -> CorruptState:
        return CorruptState(
            f"Blob {name[:12]} in {self._files.url} is damaged: its bytes are not those that were "
            f"stored. Copy {_path(name)} back from a backup, or roll back to a record that does "
            "not need it."
        )


def _path(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise StateError(f"{name!r} is not the hash of a blob, which has 64 hexadecimal digits.")
    return f"blobs/{name[:2]}/{name}"
