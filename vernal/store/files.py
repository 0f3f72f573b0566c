"""The one seam between the store and where its bytes lie."""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from vernal.base import StateError
from vernal.store.refusals import refusals

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Files(ABC):
    """Files below one address. Paths are relative, with forward slashes: ``"journal/00000001.json"``.

    A file becomes visible whole or not at all, and a process that dies at any moment leaves at
    most a temporary file that nobody else sees. Reading what is not there raises
    ``FileNotFoundError``; what the disk or the network refuses raises ``StateError``.

    Attributes:
        url: the address, for messages.
        folder: a local folder for what is not stored state: locks, unfinished work, copies.
        bytes_written: bytes that this object has written so far.
        is_local: whether `local` gives the files themselves, and not copies.
    """

    is_local: bool

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.bytes_written = 0

    @abstractmethod
    def read(self, path: str) -> bytes:
        """All bytes of a file."""

    def read_many(self, paths: Sequence[str]) -> list[bytes]:
        """All bytes of several files, in their order; at once where the other side is far away."""
        return [self.read(path) for path in paths]

    @abstractmethod
    def write(self, path: str, data: bytes) -> None:
        """Make a file with these bytes, or replace it."""

    @abstractmethod
    def create(self, path: str, data: bytes) -> None:
        """Make a file that must not be there yet: of several processes, exactly one succeeds.

        Raises:
            FileExistsError: it is there, whoever made it.
        """

    @abstractmethod
    def put_file(self, path: str, local: Path) -> None:
        """Take over a finished local file of any size, which is then gone from where it was."""

    @abstractmethod
    def local(self, path: str, fresh: bool = False) -> Path:
        """A local file with these bytes, for memory-mapping: the file itself, or a copy of it.

        Args:
            path: the file.
            fresh: fetch a copy anew, even if there is one.
        """

    @abstractmethod
    def list(self, prefix: str) -> Iterator[str]:
        """The paths of all files in a folder and below, sorted. ``"st"`` never means ``"st1/..."``."""

    @abstractmethod
    def leftovers(self, prefix: str) -> Iterator[str]:
        """The paths of temporary files in a folder and below that a killed process left."""

    @abstractmethod
    def is_empty(self) -> bool:
        """Whether nothing lies at the address, or nothing but our own temporary files."""

    @abstractmethod
    def size(self, path: str) -> int:
        """The number of bytes of a file."""

    @abstractmethod
    def modified(self, path: str) -> datetime:
        """When a file was last written or touched."""

    @abstractmethod
    def touch(self, path: str) -> None:
        """Make a file young again, where files can be touched at all; elsewhere do nothing."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file and any copy of it on this machine; nothing happens if it is not there."""

    def exists(self, path: str) -> bool:
        """Whether a file is there."""
        try:
            self.size(path)
        except FileNotFoundError:
            return False
        return True


@contextmanager
def reading(url: str, path: str) -> Iterator[None]:
    """Turn what goes wrong while reading into ``FileNotFoundError`` or ``StateError``."""
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError(path) from None
    except refusals() as error:
        raise StateError(
            f"{path} in {url} could not be read: {str(error).rstrip('.')}. Check the address and your rights there."
        ) from error


@contextmanager
def writing(url: str, path: str, n_bytes: int) -> Iterator[None]:
    """Turn what goes wrong while writing into a ``StateError`` that says what to do."""
    try:
        yield
    except refusals() as error:
        reason = (
            f"there is no room for its {n_bytes:,} bytes. Free some space"
            if isinstance(error, OSError) and error.errno in _FULL
            else f"{str(error).rstrip('.')}. Check the address and your rights there"
        )
        raise StateError(
            f"{path} could not be written to {url}: {reason} and run it again. "
            "What was stored before is unchanged, and nothing half-written can be seen."
        ) from error
