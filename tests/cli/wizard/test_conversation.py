from __future__ import annotations

import sqlite3
from argparse import Namespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vernal.base import ConfigError, DataError
from vernal.cli.parser import UsageError
from vernal.cli.wizard import Asker, Conversation

OPTIONS = ("data", "label", "id", "time", "features", "labels", "known", "label_delay", "preset", "store")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("rows", "labels"):
        (tmp_path / folder).mkdir()
    rows = pa.table({"id": [*range(60)], "x": [0.5 * i for i in range(60)], "clicked": [0] * 60})
    pq.write_table(rows, "rows/0.parquet")
    labels = pa.table({"id": [f"{i}" for i in range(40)], "at": [1.7e9] * 40, "clicked": [0, 1] * 20})
    pq.write_table(labels, "labels/0.parquet")
    return tmp_path


def held(**given: object):
    """What comes of some options, and of what is proposed for all others."""
    known = dict.fromkeys(OPTIONS) | {"data": "rows", "labels": "labels"} | given
    return Conversation(Namespace(**known), Asker(False, print)).hold()


def test_rows_are_tried_with_the_labels_that_have_come_joined_as_text(here):
    answers, rows = held()
    assert rows.num_rows == 40
    assert rows["clicked"].to_pylist().count(1) == 20  # Those of the labels, and not the zeros of the rows.
    assert (answers.late.known, answers.late.delay) == ("at", "1d")
    assert answers.late.source == f"files:{here}/labels/*.parquet?time=at"


def test_rows_with_columns_of_any_type_are_joined(here):
    odd = {"empty": pa.nulls(60), "list": [[1.0]] * 60, "x": [0.5] * 60}
    pq.write_table(pa.table({"id": [*range(60)]} | odd), "rows/0.parquet")
    _, rows = held()
    assert (rows.num_rows, rows["empty"].null_count, rows["clicked"].to_pylist()) == (40, 40, [0, 1] * 20)


def test_what_comes_later_is_no_feature_now(here):
    answers, _ = held()
    assert answers.columns.features == ("x",)


def test_labels_in_a_database_are_read_by_the_time_at_which_they_became_known(here):
    connection = sqlite3.connect("late.db")
    connection.execute("CREATE TABLE labels (id INTEGER, known TEXT, clicked INTEGER)")
    values = [(i, "2026-03-01 12:00:00", i % 2) for i in range(10)]
    connection.executemany("INSERT INTO labels VALUES (?, ?, ?)", values)
    connection.commit()
    connection.close()
    answers, rows = held(labels="sqlite:///late.db")
    assert rows.num_rows == 10
    assert answers.late.source == f"sqlite:///{here}/late.db?table=labels&time=known&id=id"


def test_labels_of_other_rows_are_no_use(here):
    pq.write_table(pa.table({"id": ["a", "b"], "at": [1.7e9] * 2, "clicked": [0, 1]}), "labels/0.parquet")
    with pytest.raises(DataError, match="No row and no label that were looked at have the same 'id'"):
        held()


def test_labels_must_be_known_by_the_same_name(here):
    pq.write_table(pa.table({"key": ["1"], "at": [1.7e9], "clicked": [0]}), "labels/0.parquet")
    with pytest.raises(ConfigError, match="The labels have no column 'id', by which rows are known"):
        held()


def test_a_database_with_several_tables_must_name_one(here):
    connection = sqlite3.connect("shop.db")
    connection.execute("CREATE TABLE sales (id INTEGER)")
    connection.execute("CREATE TABLE people (id INTEGER)")
    connection.close()
    with pytest.raises(UsageError, match=r"Which table\? Give it: sqlite:///.*/shop.db\?table=\.\.\."):
        held(data="sqlite:///shop.db", labels=None)


def test_without_numbers_there_is_nothing_to_predict_from(here):
    pq.write_table(pa.table({"kind": ["a", "b"], "y": [0, 1]}), "rows/0.parquet")
    with pytest.raises(ConfigError, match="No column of numbers is left to predict from"):
        held(labels=None)
