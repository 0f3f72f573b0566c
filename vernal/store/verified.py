"""Which local files have been hashed already, so that opening a large one again costs nothing."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path


class Verified:
    """Files that were found to hold what their hash says, remembered as git's index does.

    A file counts as verified as long as its size, time of modification and inode are those of the
    moment when it was hashed. That finds files that were changed, cut or replaced; a disk that
    rots without telling anybody is found by hashing everything anew (`Blobs.damaged`).

    What is remembered is a convenience: it may be lost, cut or deleted at any time.

    Args:
        path: a text file with one line ``hash size mtime inode`` for each file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] | None = None

    def holds(self, name: str, file: Path) -> bool:
        """Whether a file holds what its hash says, by memory if possible and by hashing if not.

        Args:
            name: the hash, 64 hexadecimal digits.
            file: the file.
        """
        if self._marks().get(name) == _mark(file):
            return True
        if hash_file(file) != name:
            return False
        self.remember(name, file)
        return True

    def keep_only(self, names: set[str]) -> None:
        """Forget all other files."""
        kept = {name: mark for name, mark in self._marks().items() if name in names}
        self._known = kept
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):  # Then it stays as long as it is.
            temporary.write_text("".join(f"{name} {mark}\n" for name, mark in kept.items()), encoding="utf-8")
            temporary.replace(self._path)

    def remember(self, name: str, file: Path) -> None:
        """Remember that a file holds what its hash says."""
        mark = _mark(file)
        self._marks()[name] = mark
        with contextlib.suppress(OSError):  # A full disk, a read-only store: it is hashed again, that is all.
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as lines:
                lines.write(f"{name} {mark}\n")

    def _marks(self) -> dict[str, str]:
        if self._known is None:
            lines = self._path.read_text(encoding="utf-8", errors="replace") if self._path.exists() else ""
            self._known = dict(line.split(" ", 1) for line in lines.splitlines() if line.count(" ") == 3)
        return self._known


def hash_file(path: Path) -> str:
    """The SHA-256 of a file of any size, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mark(path: Path) -> str:
    stat = os.stat(path)
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ino}"
