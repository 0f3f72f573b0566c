from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vernal.base import ConfigError, MissingExtra
from vernal.ledger.address import is_in_memory, parse_address, shown_address


def test_a_path_is_made_absolute_so_that_workers_open_the_same_file(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_address("sqlite:///some/ledger.db").database == f"{tmp_path}/some/ledger.db"


@pytest.mark.parametrize("text", ["sqlite://", "sqlite:///:memory:", "sqlite:///"])
def test_a_database_in_memory_is_known_by_its_address(text: str) -> None:
    assert is_in_memory(parse_address(text))


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_spoken_to_by_psycopg(scheme: str) -> None:
    assert parse_address(f"{scheme}://ann@db.example/fraud").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ledger.db", "is no URL. Allowed: sqlite:///path"),
        ("postgresql://ann:secret@db.example:port/fraud", "is no URL. Allowed: sqlite:///path"),
        ("mysql://ann:secret@db.example/fraud", "There is no ledger on 'mysql'. Allowed: sqlite:///path"),
        ("postgresql+asyncpg://ann:secret@db.example/fraud", r"no ledger on 'postgresql\+asyncpg'"),
        ("sqlite://folder/ledger.db", "has three slashes before a path, four before /"),
    ],
)
def test_another_address_is_refused_without_repeating_its_password(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_address(text)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text", ["postgresql://ann:secret@db.example/fraud", "postgresql://db.example/fraud?user=ann&password=secret"]
)
def test_no_password_is_shown(text: str) -> None:
    assert "secret" not in shown_address(parse_address(text))


def test_without_the_driver_the_pip_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"needs `psycopg`.*pip install 'vernal\[postgres\]'"):
        parse_address("postgresql://ann@db.example/fraud")
