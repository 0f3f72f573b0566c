"""Files in a folder of this machine (or of a file system that is mounted on it)."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from vernal.store.files import Files, reading, writing

_OURS = ".vernal-"  # Temporary files and locks: invisible to `list`.
_NOT_FOR_FOLDERS = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}  # Some mounted drives.
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class LocalFiles(Files):
    """Files in a folder: written beside, forced to disk, then renamed or linked to their name.

    Everything written is read-only, so that a memory map that was opened for writing by mistake
    is an error instead of a change of history.

    Args:
        root: the folder; made when the first file is written.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = LocalFiles(Path(folder))
        ...     files.write("a/b.txt", b"hello")
        ...     files.create("a/c.txt", b"!")
        ...     list(files.list("a")), files.bytes_written
        (['a/b.txt', 'a/c.txt'], 6)
    """

    is_local = True

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().absolute()
        super().__init__(str(self._root), self._root)

    def read(self, path: str) -> bytes:
        """All bytes of a file."""
        with reading(self.url, path):
            return (self._root / path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        """Write beside, force to disk, rename over."""
        with self._staged(path, data) as (temporary, target):
            temporary.replace(target)

    def create(self, path: str, data: bytes) -> None:
        """Write beside, force to disk, and link: a link fails if the name is taken."""
        with self._staged(path, data) as (temporary, target):
            is_new = _link(temporary, target)
        if not is_new:
            raise FileExistsError(path)

    def put_file(self, path: str, local: Path) -> None:
        """Force a local file to disk and rename it, or copy it if it is not ours alone."""
        target = self._root / path
        size = local.stat().st_size
        with writing(self.url, path, size):
            _make_folder(target.parent)
            if not _moved(local, target):
                with _temporary(target.parent) as temporary:
                    shutil.copyfile(local, temporary)
                    _seal(temporary)
                    temporary.replace(target)
                local.unlink()
            _settle(target.parent)
        self.bytes_written += size

    def local(self, path: str, fresh: bool = False) -> Path:  # noqa: ARG002 (it is no copy)
        """The file itself."""
        return self._root / path

    def list(self, prefix: str) -> Iterator[str]:
        """The paths of all files in a folder and below, sorted folder by folder."""
        return self._walk(prefix, ours=False)

    def leftovers(self, prefix: str) -> Iterator[str]:
        """Temporary files of processes that died."""
        return (path for path in self._walk(prefix, ours=True) if path.endswith(".tmp"))

    def is_empty(self) -> bool:
        """Whether the folder is missing, or holds nothing but our own temporary files."""
        with reading(self.url, "."):
            return not self._root.exists() or all(name.startswith(_OURS) for name in os.listdir(self._root))

    def size(self, path: str) -> int:
        """The number of bytes of a file."""
        with reading(self.url, path):
            return (self._root / path).stat().st_size

    def modified(self, path: str) -> datetime:
        """When a file was last written or touched."""
        with reading(self.url, path):
            return datetime.fromtimestamp((self._root / path).stat().st_mtime, UTC)

    def touch(self, path: str) -> None:
        """Set the time of modification to now."""
        with writing(self.url, path, 0):
            os.utime(self._root / path)

    def remove(self, path: str) -> None:
        """Remove a file; nothing happens if it is not there."""
        with writing(self.url, path, 0):
            (self._root / path).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _staged(self, path: str, data: bytes) -> Iterator[tuple[Path, Path]]:
        target = self._root / path
        with writing(self.url, path, len(data)):
            _make_folder(target.parent)
            with _temporary(target.parent) as temporary:
                temporary.write_bytes(data)
                _seal(temporary)
                yield temporary, target
            _settle(target.parent)
        self.bytes_written += len(data)

    def _walk(self, prefix: str, ours: bool) -> Iterator[str]:
        top = self._root / prefix
        if not top.is_dir():
            return
        for folder, folders, names in os.walk(top, onerror=_raise):
            folders.sort()
            below = Path(folder).relative_to(self._root)
            start = "" if below == Path() else f"{below.as_posix()}/"
            yield from (start + name for name in sorted(names) if name.startswith(_OURS) == ours)


def _link(temporary: Path, target: Path) -> bool:
    """Give a file its final name unless that is taken; say whether it was free."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        return _rename_if_free(temporary, target)
    return True


def _rename_if_free(temporary: Path, target: Path) -> bool:
    """What `_link` does, for file systems without hard links (FAT, some mounted drives)."""
    with FileLock(target.parent / f"{_OURS}create.lock"):
        if target.exists():
            return False
        temporary.rename(target)
    return True


def _moved(local: Path, target: Path) -> bool:
    """Rename a file into its place; not one that has other names, or lies on another disk."""
    if local.is_symlink() or local.stat().st_nlink > 1:
        return False
    _seal(local)
    try:
        local.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """A name in the same folder, hence on the same disk; no file is left under it."""
    path = folder / f"{_OURS}{secrets.token_hex(8)}.tmp"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _settle(folder.parent)


def _seal(path: Path) -> None:
    """Force a finished file to disk, and make it read-only."""
    with contextlib.suppress(OSError):  # A courtesy, which some mounted drives do not know.
        path.chmod(path.stat().st_mode & ~0o222)
    _force(path)


def _settle(folder: Path) -> None:
    """Force the names in a folder to disk."""
    try:
        _force(folder)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise


def _force(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _raise(error: OSError) -> None:
    raise error
