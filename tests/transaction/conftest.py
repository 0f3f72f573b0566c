"""A config file, and a store with one update, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transaction.stream import copy_of, plan, write_config
from tests.transaction.threads import Threads
from vernal.transaction import update


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def first(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one update; copy it before you write to it."""
    store = tmp_path_factory.mktemp("stores") / "first"
    update(plan(config, 1), store)
    return store


@pytest.fixture
def store(first: Path, tmp_path: Path) -> Path:
    """A store with one update, for this test alone."""
    return copy_of(first, f"{tmp_path.name} store")


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches whose workers are threads of this process."""
    monkeypatch.setattr("vernal.transaction.crew.Workers", Threads)
