from __future__ import annotations

from collections.abc import Callable

import pytest

from vernal.ledger import Database


@pytest.fixture
def reopen(database_url: str) -> Callable[[], Database]:
    """Opens the same database anew, as another process would."""
    return lambda: Database(database_url)


@pytest.fixture
def database(reopen: Callable[[], Database]) -> Database:
    return reopen()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_database(request: pytest.FixtureRequest) -> Database:
    """One for tests of many examples, each of which takes a store of its own."""
    if request.param == "sqlite":
        return Database("sqlite://")
    return Database(request.getfixturevalue("postgresql_server"))
