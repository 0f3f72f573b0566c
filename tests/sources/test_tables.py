from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vernal.base import DataError
from vernal.sources.tables import Extent, extent, read_table


def parquet(columns):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    file.seek(0)
    return file


def test_an_extent_is_rows_and_the_times_of_the_first_and_last():
    columns = {"at": [20.0, 10.0], "x": [1, 2]}
    assert extent(parquet(columns), "a.parquet", "at") == Extent(2, 10.0, 20.0)
    assert extent(parquet(columns), "a.parquet", None) == Extent(2)
    assert extent(parquet({"at": pa.array([], pa.float64())}), "a.parquet", "at") == Extent(0)


def test_a_column_that_is_not_there_is_an_error():
    with pytest.raises(DataError, match="has no column 'at': its columns are x"):
        extent(parquet({"x": [1]}), "a.parquet", "at")
    with pytest.raises(DataError, match="has no column 'at': its columns are x"):
        extent(io.BytesIO(b"x\n1\n"), "a.csv", "at")


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.feather"])
def test_bytes_that_are_no_table_are_an_error(name):
    with pytest.raises(DataError, match=f"{name} is no table, or not a whole one: .*rename it when it is finished"):
        read_table(io.BytesIO(b"x,y\n1\n"), name)
