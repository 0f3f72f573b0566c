"""From an address to the files that lie there."""

from __future__ import annotations

from pathlib import Path

import fsspec
from platformdirs import user_cache_path

from vernal.base import digest
from vernal.store.files import Files
from vernal.store.local import LocalFiles
from vernal.store.remote import RemoteFiles


def open_files(address: str | Path, cache: Path | None = None) -> Files:
    """The files at an address.

    Args:
        address: a folder, or a URL that fsspec knows, e.g. ``"s3://bucket/store"``.
        cache: local folder for copies of remote files; the user's cache folder if None.

    Examples:
        >>> type(open_files("runs/store")).__name__, type(open_files("memory://store")).__name__
        ('LocalFiles', 'RemoteFiles')
    """
    protocol, path = fsspec.core.split_protocol(str(address))
    if protocol in (None, "file", "local"):
        return LocalFiles(Path(path))
    cache = cache or user_cache_path("vernal")
    return RemoteFiles(str(address), cache / digest(str(address).rstrip("/"))[:16])
