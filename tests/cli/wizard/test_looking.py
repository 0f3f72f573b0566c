from __future__ import annotations

import os
import sqlite3
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sources.servers import MockKafka
from vernal.base import DataError
from vernal.cli.wizard import look, tables_of
from vernal.sources import Files, Kafka, ParquetTable, Replay, Table


@pytest.fixture
def folder(tmp_path):
    for number in range(3):
        pq.write_table(pa.table({"x": [number] * 6000}), tmp_path / f"{number}.parquet")
        os.utime(tmp_path / f"{number}.parquet", (number, number))
    pq.write_table(pa.table({"z": [0]}), tmp_path / "_unfinished.parquet")
    return tmp_path


def test_the_newest_files_are_looked_at_until_there_are_enough_rows(folder):
    seen = look(Files(str(folder)))
    assert {*seen.table["x"].to_pylist()} == {2, 1}
    assert seen.said == f"3 files in {folder}; 12,000 rows of the newest were looked at"


def test_a_table_in_parquet_is_a_file_or_a_folder(folder):
    assert look(ParquetTable(str(folder))).table.num_rows == 12_000
    assert {*look(ParquetTable(str(folder / "0.parquet"))).table["x"].to_pylist()} == {0}


def test_rows_of_a_sql_table_whatever_it_is_called(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute('CREATE TABLE "two words" (id TEXT, price REAL)')
    connection.execute('INSERT INTO "two words" VALUES (?, 1.5)', [str(uuid.UUID(int=1))])
    connection.commit()
    connection.close()
    url = f"sqlite:///{tmp_path}/shop.db"
    assert tables_of(url) == ["two words"]
    assert look(Table(url, "two words")).table["price"].to_pylist() == [1.5]
    assert look(Table(url, query='SELECT 2 * price AS twice FROM "two words";')).table["twice"].to_pylist() == [3.0]


def test_messages_of_a_topic():
    kafka = MockKafka()
    kafka.send("clicks", [{"x": 1.5, "y": 0}, {"x": 2.5, "y": 1}])
    seen = look(Kafka("clicks", kafka.servers))
    assert seen.table["x"].to_pylist() == [1.5, 2.5]
    assert seen.said == "the first 2 rows of kafka were looked at"


def test_a_stream_in_which_nothing_has_come():
    with pytest.raises(DataError, match="has brought no row yet. Send some first"):
        look(Replay({"time": np.zeros(0)}))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (lambda here: Files(str(here), "*.csv"), "There is no file \\*.csv in .* yet"),
        (lambda here: Table(f"sqlite:///{here}/none.db", "t"), "There is no SQLite database"),
        (lambda here: Table(f"sqlite:///{here}/0.parquet", "t"), "cannot be read: file is not a database"),
    ],
)
def test_where_nothing_can_be_seen_it_says_why(source, said, folder):
    with pytest.raises(DataError, match=said):
        look(source(folder))


def test_columns_without_rows_are_not_enough(tmp_path):
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), tmp_path / "0.parquet")
    with pytest.raises(DataError, match="There are columns and no rows"):
        look(Files(str(tmp_path)))
