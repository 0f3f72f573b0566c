from __future__ import annotations

import pytest

from vernal.base import DataError
from vernal.cli.wizard import proposed_place, source_text


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("in/0.csv", "in/1.csv", "in/2.parquet", "in/.hidden.csv", "empty/readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_stands_for_the_tables_that_it_holds_most_of(here):
    assert source_text("in") == f"files:{here}/in/*.csv"


def test_a_file_stands_for_its_folder(here):
    assert source_text("in/2.parquet") == f"files:{here}/in/*.parquet"


def test_local_places_are_absolute_and_options_stay(here):
    assert source_text("in/*.csv") == f"files:{here}/in/*.csv"
    assert source_text("files:in/*.csv?settle=1min") == f"files:{here}/in/*.csv?settle=1min"
    assert source_text("sqlite:///shop.db?table=events") == f"sqlite:///{here}/shop.db?table=events"
    assert source_text("sqlite:////data/shop.db") == "sqlite:////data/shop.db"


@pytest.mark.parametrize("text", ["kafka://host/topic", "nats://host/stream", "postgresql+psycopg://host/db?table=t"])
def test_a_source_stays_as_it_is(text):
    assert source_text(text) == text


def test_a_folder_without_tables_says_what_is_missing(here):
    with pytest.raises(DataError, match=r"empty holds no tables yet \(.parquet, .csv"):
        source_text("empty")


def test_the_first_folder_with_tables_is_proposed(here):
    assert proposed_place() == "in/*.csv"


def test_nothing_is_proposed_where_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert proposed_place() is None
