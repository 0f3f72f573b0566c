from __future__ import annotations

from pathlib import Path

import pytest

from tests.loop.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world with its history in the store's folder."""
    return World(tmp_path)


@pytest.fixture
def anywhere(tmp_path: Path, database_url: str) -> World:
    """A world with its history on SQLite, and one on PostgreSQL."""
    return World(tmp_path, ledger=database_url)
