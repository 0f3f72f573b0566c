from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError, DataError
from vernal.sources import Replay


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def values(arrival):
    return pq.read_table(arrival.files[0]).column("x").to_pylist()


@given(times=st.lists(st.integers(0, 9), max_size=12), until=st.integers(0, 9), poison=st.integers(-(2**40), 2**40))
def test_the_future_has_no_influence_whatever_it_holds(tmp_path_factory, times, until, poison):
    inbox = tmp_path_factory.mktemp("inbox")
    times = np.array(times, np.int64)
    x = np.arange(len(times))
    honest = Replay({"time": times, "x": x}).poll(None, at(until), inbox)
    poisoned = Replay({"time": times, "x": np.where(times > until, poison, x)}).poll(None, at(until), inbox)
    assert honest == poisoned
    assert (honest is None) == (times > until).all()
    if honest is not None:
        assert sorted(values(honest)) == x[times <= until].tolist()


@pytest.mark.parametrize(("name", "write"), [
    ("a.csv", csv.write_csv), ("a.parquet", pq.write_table), ("a.feather", feather.write_feather),
])  # fmt: skip
def test_history_may_be_a_file(name, write, tmp_path):
    write(pa.table({"time": [3.0, 1.0, 2.0], "x": [30, 10, 20]}), str(tmp_path / name))
    assert values(Replay(str(tmp_path / name)).poll(None, at(2), tmp_path)) == [10, 20]


def test_history_may_be_anything_that_arrow_reads(tmp_path):
    class Frame:
        """As a frame of pandas or Polars gives itself away."""

        def __arrow_c_stream__(self, requested_schema=None):
            return pa.table({"when": [at(5), at(0)], "x": [1, 2]}).__arrow_c_stream__(requested_schema)

    assert values(Replay(Frame(), "when").poll(None, at(9), tmp_path)) == [2, 1]


def test_rows_come_in_chunks_of_a_size(tmp_path):
    source = Replay({"time": np.zeros(5), "x": np.arange(5)}, max_rows=2)
    cursor, found = None, []
    while arrival := source.poll(cursor, at(0), tmp_path):
        found.append(values(arrival))
        cursor = arrival.cursor
    assert found == [[0, 1], [2, 3], [4]]


def test_a_history_that_became_shorter_is_an_error(tmp_path):
    with pytest.raises(DataError, match="5 rows of this history were given, and it has 1. It must not change"):
        Replay({"time": np.zeros(1)}).poll({"rows": 5}, at(9), tmp_path)


def test_what_is_no_history_is_an_error(tmp_path):
    with pytest.raises(DataError, match="has no column 'time': its columns are x"):
        Replay({"x": np.zeros(1)}).poll(None, at(9), tmp_path)
    with pytest.raises(DataError, match="1 rows have no time"):
        Replay({"time": np.array([0, np.nan])}).poll(None, at(9), tmp_path)
    with pytest.raises(DataError, match="cannot be read: .*Check the path"):
        Replay(str(tmp_path / "none.csv")).poll(None, at(9), tmp_path)
    with pytest.raises(ConfigError, match="`max_rows` must be at least 1"):
        Replay({}, max_rows=0)


def test_a_history_in_memory_is_not_printed():
    assert repr(Replay({"time": np.zeros(9)})) == "Replay(<dict>, time_column='time', max_rows=None)"
    assert repr(Replay("a.csv")) == "Replay(history='a.csv', time_column='time', max_rows=None)"
