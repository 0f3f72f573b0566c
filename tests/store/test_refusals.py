from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fsspec
import pytest
from aiohttp import ClientPayloadError
from fsspec.implementations.memory import MemoryFileSystem

from vernal.base import StateError
from vernal.store import Files, open_files


class Refused(ClientPayloadError):
    """An error of a network library: no OSError."""


class NoCredentials(Exception):
    """As one of a library that may be there or not."""


class Refusing(MemoryFileSystem):
    """A file system where nothing works."""

    protocol = "refusing"
    error: type[Exception] = Refused

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise self.error("no credentials.")

    cat_file = pipe_file = put_file = get_file = find = ls = info = modified = rm_file = _refuse


USES: list[Callable[[Files, Path], object]] = [
    lambda files, _: files.read("a/b"),
    lambda files, _: files.read_many(["a/b", "a/c"]),
    lambda files, _: files.write("a/b", b""),
    lambda files, _: files.create("a/b", b""),
    lambda files, file: files.put_file("a/b", file),
    lambda files, _: files.local("a/b"),
    lambda files, _: [*files.list("a")],
    lambda files, _: files.is_empty(),
    lambda files, _: files.size("a/b"),
    lambda files, _: files.modified("a/b"),
    lambda files, _: files.remove("a/b"),
]


@pytest.fixture
def refusing(tmp_path: Path) -> Files:
    fsspec.register_implementation("refusing", Refusing, clobber=True)
    return open_files("refusing://store", tmp_path)


@pytest.mark.parametrize("use", USES)
def test_what_a_network_refuses_is_an_error_that_says_what_to_do(
    refusing: Files, tmp_path: Path, use: Callable[[Files, Path], object]
) -> None:
    (tmp_path / "file").write_bytes(b"1")
    with pytest.raises(StateError, match=r"no credentials\. Check the address and your rights there"):
        use(refusing, tmp_path / "file")


def test_libraries_that_are_loaded_later_are_known_too(refusing: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Refusing, "error", NoCredentials)
    with pytest.raises(NoCredentials):  # What nobody knows is not hidden.
        refusing.read("a/b")
    library = SimpleNamespace(AzureError=NoCredentials)
    monkeypatch.setitem(sys.modules, "azure.core.exceptions", library)
    with pytest.raises(StateError, match="no credentials"):
        refusing.read("a/b")
