"""Every test that asks for `files` runs on a folder and on an object store in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from vernal.store import Files, Store, open_files


@pytest.fixture(params=["local", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Files]]:
    """Opens the files at a name, anew with each call, as another process would."""
    base = str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}"
    yield lambda name: open_files(f"{base}/{name}", cache=tmp_path / "cache")
    if request.param == "memory":
        fsspec.filesystem("memory").store.clear()


@pytest.fixture
def reopen(place: Callable[[str], Files]) -> Callable[[], Files]:
    """Opens the same files anew."""
    return lambda: place("store")


@pytest.fixture
def files(reopen: Callable[[], Files]) -> Files:
    return reopen()


@pytest.fixture
def store(files: Files) -> Store:
    return Store(files)


@pytest.fixture
def local(tmp_path: Path) -> Files:
    return open_files(tmp_path / "local")
