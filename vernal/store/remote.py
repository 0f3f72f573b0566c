"""Files at any address that fsspec knows: ``s3://``, ``gs://``, ``az://``, ``memory://``, ..."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec

from vernal.store.files import Files, reading, writing


class RemoteFiles(Files):
    """Files in an object store, each written by one call.

    An object store shows an upload when it is finished, or never, and creates exclusively by a
    conditional put; so does every address of which fsspec says so (S3, Google Cloud Storage,
    Azure, memory). On others (SFTP, SMB, ...) two processes that commit in the same instant are
    not kept apart; mount those instead.

    Args:
        url: the address, e.g. ``"s3://bucket/store"``.
        folder: local folder for copies, locks and unfinished work; may be deleted when idle.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = RemoteFiles("memory://doc", Path(folder))
        ...     files.write("st/a", b"1")
        ...     files.write("st1/b", b"2")
        ...     list(files.list("st")), files.local("st/a").read_bytes()
        (['st/a'], b'1')
    """

    is_local = False

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url.rstrip("/"), folder)
        self._system, root = fsspec.url_to_fs(self.url)
        self._root: str = root.rstrip("/")

    def read(self, path: str) -> bytes:
        """All bytes of a file."""
        with reading(self.url, path):
            return bytes(self._system.cat_file(self._at(path)))

    def read_many(self, paths: Sequence[str]) -> list[bytes]:
        """All bytes of several files, in parallel where the file system can."""
        if not paths:
            return []
        with reading(self.url, paths[0]):
            found = self._system.cat([self._at(path) for path in paths], on_error="return")
        return [_content(self.url, path, found[self._at(path)]) for path in paths]

    def write(self, path: str, data: bytes) -> None:
        """Upload in one call."""
        with writing(self.url, path, len(data)):
            self._system.pipe_file(self._at(path), data)
        self.bytes_written += len(data)

    def create(self, path: str, data: bytes) -> None:
        """Upload on the condition that nothing is there."""
        is_new = True
        with writing(self.url, path, len(data)):
            try:
                self._system.pipe_file(self._at(path), data, mode="create")
            except FileExistsError:
                is_new = False
        if not is_new:
            raise FileExistsError(path)
        self.bytes_written += len(data)

    def put_file(self, path: str, local: Path) -> None:
        """Upload a file, then keep it as the local copy."""
        size = local.stat().st_size
        with writing(self.url, path, size):
            self._system.put_file(str(local), self._at(path))
            copy = self._copy(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(local, copy)
        self.bytes_written += size

    def local(self, path: str, fresh: bool = False) -> Path:
        """A copy in the local folder, downloaded when first asked for."""
        copy = self._copy(path)
        if fresh or not copy.exists():
            self._download(path, copy)
        return copy

    def list(self, prefix: str) -> Iterator[str]:
        """The paths of all files in a folder and below, sorted."""
        self._system.invalidate_cache()  # Others write there too.
        folder = self._at(prefix)
        with reading(self.url, prefix):
            found = self._system.find(folder)
        # Some file systems match by prefix of the name, and some list a file as its own folder.
        return (name[len(self._root) + 1 :] for name in found if name.startswith(folder + "/"))

    def leftovers(self, prefix: str) -> Iterator[str]:  # noqa: ARG002 (there are none anywhere)
        """None: an upload that was cut off leaves no file."""
        return iter(())

    def is_empty(self) -> bool:
        """Whether nothing lies at the address."""
        self._system.invalidate_cache()
        try:
            with reading(self.url, "."):
                return not self._system.ls(self._root, detail=False)
        except FileNotFoundError:
            return True

    def size(self, path: str) -> int:
        """The number of bytes of a file."""
        self._system.invalidate_cache()
        with reading(self.url, path):
            return int(self._system.info(self._at(path))["size"])

    def modified(self, path: str) -> datetime:
        """When a file was uploaded."""
        with reading(self.url, path):
            moment: datetime = self._system.modified(self._at(path))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def touch(self, path: str) -> None:
        """Nothing: an object cannot be touched, only uploaded again."""

    def remove(self, path: str) -> None:
        """Remove a file and its local copy; nothing happens if it is not there."""
        with writing(self.url, path, 0):
            self._copy(path).unlink(missing_ok=True)
            try:
                self._system.rm_file(self._at(path))
            except FileNotFoundError:
                return

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}".rstrip("/")

    def _copy(self, path: str) -> Path:
        return self.folder / "copies" / path

    def _download(self, path: str, copy: Path) -> None:
        copy.parent.mkdir(parents=True, exist_ok=True)
        temporary = copy.with_name(f"{copy.name}.{secrets.token_hex(8)}.tmp")
        try:
            with reading(self.url, path):
                self._system.get_file(self._at(path), str(temporary))
            temporary.replace(copy)
        finally:
            temporary.unlink(missing_ok=True)


def _content(url: str, path: str, found: Any) -> bytes:
    """The bytes of one file out of several, or the error that came in their stead."""
    with reading(url, path):
        if isinstance(found, BaseException):
            raise found
    return bytes(found)
