"""From an address to the files that lie there."""

from __future__ import annotations

from pathlib import Path

import fsspec
from platformdirs import user_cache_path

from vernal.base import MissingExtra, StateError, digest
from vernal.store.files import Files
from vernal.store.local import LocalFiles
from vernal.store.remote import RemoteFiles


def open_files(address: str | Path, cache: Path | None = None) -> Files:
    """The files at an address.

    Args:
        address: a folder, or a URL that fsspec knows, e.g. ``"s3://bucket/store"``.
        cache: local folder for copies of remote files; the user's cache folder if None.

    Raises:
        StateError: fsspec knows no such file system.
        MissingExtra: the library of the file system is not installed.

    Examples:
        >>> type(open_files("runs/store")).__name__, type(open_files("memory://store")).__name__
        ('LocalFiles', 'RemoteFiles')
    """
    protocol, path = fsspec.core.split_protocol(str(address))
    if protocol in (None, "file", "local"):
        return LocalFiles(Path(path))
    for name in protocol.split("::"):  # One after the other, as in "simplecache::s3".
        _check_known(name)
    cache = cache or user_cache_path("vernal")
    return RemoteFiles(str(address), cache / digest(str(address).rstrip("/"))[:16])


def _check_known(protocol: str) -> None:
    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        raise MissingExtra(f"{protocol}:// needs a library that is not installed. {error}, with pip.") from error
    except ValueError as error:
        raise StateError(
            f"There is no file system {protocol!r}. Name a folder, or a URL that fsspec knows, such as s3://bucket/store."
        ) from error
