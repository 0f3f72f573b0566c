from __future__ import annotations

import pyarrow as pa
import pytest

from vernal.base import ConfigError, DataError
from vernal.cli.wizard import proposed_place, source_text
from vernal.cli.wizard.place import with_columns


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


def test_a_folder_with_tables_is_proposed(here):
    assert proposed_place() == "in/*.parquet"


def test_nothing_is_proposed_where_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert proposed_place() is None


@pytest.mark.parametrize(
    ("source", "completed"),
    [
        ("files:/in/*.parquet", "files:/in/*.parquet?time=at"),
        ("files:/in/*.parquet?settle=1min", "files:/in/*.parquet?settle=1min&time=at"),
        ("files:/in/*.parquet?time=other", "files:/in/*.parquet?time=other"),
        ("sqlite:///shop.db?table=t", "sqlite:///shop.db?table=t&time=at&id=order+id"),
        ("kafka://host/topic", "kafka://host/topic"),
    ],
)
def test_a_source_learns_which_columns_it_needs(source, completed):
    assert with_columns(source, "order id", "at", pa.table({"at": [1.7e9]})) == completed


def test_times_that_are_text_are_no_times_to_files():
    assert with_columns("files:/in/*.csv", None, "at", pa.table({"at": ["2026-03-01"]})) == "files:/in/*.csv"


def test_a_database_needs_both():
    with pytest.raises(ConfigError, match="Name both: --time and --id"):
        with_columns("sqlite:///shop.db?table=t", None, "at", pa.table({"at": [1.7e9]}))
