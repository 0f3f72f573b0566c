"""From the URL that people write to the one that SQLAlchemy opens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from vernal.base import ConfigError, require

ALLOWED = "Allowed: sqlite:///path/to/file.db, sqlite:// (in memory), postgresql://user:password@host/database."


def parse_address(text: str) -> URL:
    """Read the URL of a database.

    The path of a SQLite file is made absolute, so that a worker with another folder opens the same one.

    Raises:
        ConfigError: it is no URL, or that of another database. The text of the URL, which may hold a password, is not
            repeated.
        MissingExtra: the driver is not installed.

    Examples:
        >>> parse_address("postgresql://ann:secret@db.example/fraud").render_as_string()
        'postgresql+psycopg://ann:***@db.example/fraud'
        >>> parse_address("mysql://db.example/fraud")
        Traceback (most recent call last):
        ...
        vernal.base.errors.ConfigError: There is no ledger on 'mysql'. Allowed: sqlite:///path/to/file.db, \
sqlite:// (in memory), postgresql://user:password@host/database.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number.
        raise ConfigError(f"The address of the database is no URL. {ALLOWED}") from None
    match url.drivername:
        case "sqlite" | "sqlite+pysqlite":
            if url.host:
                raise ConfigError(
                    f"The address of a SQLite file has three slashes before a path, four before /. {ALLOWED}"
                )
            return _absolute(url)
        case "postgresql" | "postgres" | "postgresql+psycopg":
            require("psycopg", "postgres")
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigError(f"There is no ledger on {other!r}. {ALLOWED}")


def sqlite_address(database: str, query: Mapping[str, str] | None = None) -> str:
    """The URL of a SQLite file, whatever letters its path has.

    Args:
        database: its path, or a ``file:`` URI of SQLite's own.
        query: options of the driver.

    Examples:
        >>> sqlite_address("/tmp/runs/ledger.db")
        'sqlite:////tmp/runs/ledger.db'
    """
    return URL.create("sqlite", database=database, query=query or {}).render_as_string()


def is_in_memory(url: URL) -> bool:
    """Whether a database of SQLite lives in its one connection only."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def shown_address(url: URL) -> str:
    """The URL as people may see it.

    Examples:
        >>> shown_address(parse_address("postgresql://db.example/fraud?user=ann&password=secret"))
        'postgresql://db.example/fraud?user=ann'
    """
    secret = [name for name in url.query if "password" in name]
    plain = url.set(drivername=url.get_backend_name()).difference_update_query(secret)
    return plain.render_as_string(hide_password=True)


def _absolute(url: URL) -> URL:
    if is_in_memory(url):
        return url.set(drivername="sqlite", database=None)
    database = url.database or ""
    path = database if database.startswith("file:") else str(Path(database).absolute())
    return url.set(drivername="sqlite", database=path)
