"""Every test that asks for `files` runs on a folder and on an object store in memory.

A module that says `HISTORIES` has its tests run with the history of the store in each of these places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from vernal.store import Files, Store, open_files


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    histories = getattr(metafunc.module, "HISTORIES", ["files"])
    for fixture, places in {"place": [*histories, "memory"], "local": histories}.items():
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, places, indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Files]]:
    """Opens the files at a name, anew with each call, as another process would."""
    keep_history(request)
    base = f"memory://{tmp_path.name}" if request.param == "memory" else str(tmp_path)
    yield lambda name: open_files(f"{base}/{name}", cache=tmp_path / "cache")
    fsspec.filesystem("memory").store.clear()


def keep_history(request: pytest.FixtureRequest) -> None:
    """New stores, those of other processes too, have their history where the parameter of a fixture says."""
    ledger = "files" if request.param == "memory" else request.param
    if ledger == "postgresql":
        ledger = request.getfixturevalue("postgresql_url")
    request.getfixturevalue("monkeypatch").setenv("VERNAL_LEDGER", ledger)


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
def local(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    keep_history(request)
    return open_files(tmp_path / "local")
