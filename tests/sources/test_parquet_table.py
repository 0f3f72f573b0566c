from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vernal.base import DataError
from vernal.sources import ParquetTable, Unreachable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def write(path, times, kind=None):
    pq.write_table(pa.table({"id": range(len(times)), "time": pa.array(times, kind)}), path)
    return str(path)


def rows_of(arrival):
    return pq.read_table(arrival.files[0]).column("id").to_pylist()


@pytest.mark.parametrize(
    "kind",
    [pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in (None, "UTC", "Asia/Tokyo")]
    + [pa.float64(), pa.int64(), pa.int32()],
    ids=str,
)
def test_times_may_be_of_many_types(kind, tmp_path):
    is_number = not pa.types.is_timestamp(kind)
    moments = [NOON + timedelta(hours=h) for h in (1, -1, 0, 2)]
    times = [int(m.timestamp()) for m in moments] if is_number else moments
    if getattr(kind, "tz", "UTC") is None:
        times = [m.replace(tzinfo=None) for m in moments]
    path = write(tmp_path / "a.parquet", times, kind)
    source = ParquetTable(path, lag="1s")
    arrival = source.poll(None, NOON + timedelta(seconds=1), tmp_path / "inbox")
    assert rows_of(arrival) == [1, 2]
    assert (arrival.since, arrival.until) == ((NOON - timedelta(hours=1)).timestamp(), NOON.timestamp())
    assert rows_of(source.poll(arrival.cursor, NOON + timedelta(days=1), tmp_path / "inbox")) == [0, 3]


def test_a_day_is_waited_for_where_times_are_days(tmp_path):
    path = write(tmp_path / "a.parquet", [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)])
    assert rows_of(ParquetTable(path, lag="1d").poll(None, NOON, tmp_path)) == [0, 1]


def test_rows_that_came_too_late_are_an_error_and_not_a_loss(tmp_path):
    path = write(tmp_path / "a.parquet", [1.0, 2.0])
    source = ParquetTable(path)
    cursor = source.poll(None, NOON, tmp_path / "inbox").cursor
    write(tmp_path / "a.parquet", [1.0, 2.0, 2.0, 3.0])
    with pytest.raises(DataError, match=r"1 rows came to .* with times that had passed.*Raise `lag`, which is 1min"):
        source.poll(cursor, NOON, tmp_path / "inbox")


def test_a_folder_of_files_is_one_table_in_the_order_of_time(tmp_path):
    folder = tmp_path / "events"
    folder.mkdir()
    write(folder / "b.parquet", [1.0, 4.0])
    write(folder / "a.parquet", [2.0, 3.0])
    source = ParquetTable(str(folder))
    arrival = source.poll(None, NOON, tmp_path / "inbox")
    assert pq.read_table(arrival.files[0]).column("time").to_pylist() == [1.0, 2.0, 3.0, 4.0]
    write(folder / "c.parquet", [5.0])
    assert source.poll(arrival.cursor, NOON, tmp_path / "inbox").rows == 1


@pytest.mark.parametrize("times", [[1.0, None], [1.0, float("nan")], [NOON, None]])
def test_rows_without_a_time_are_an_error(times, tmp_path):
    with pytest.raises(DataError, match="1 rows have no time: column 'time' is empty there"):
        ParquetTable(write(tmp_path / "a.parquet", times)).poll(None, NOON, tmp_path)


def test_a_column_that_changes_its_type_is_an_error(tmp_path):
    path = write(tmp_path / "a.parquet", [1.0])
    source = ParquetTable(path)
    cursor = source.poll(None, NOON, tmp_path / "inbox").cursor
    write(tmp_path / "a.parquet", [1, 2])
    with pytest.raises(DataError, match="was of type double when it was read, and is now int64"):
        source.poll(cursor, NOON, tmp_path / "inbox")


def test_what_is_no_column_of_times_is_an_error(tmp_path):
    path = write(tmp_path / "a.parquet", ["noon"])
    with pytest.raises(DataError, match="Column 'time' holds string, which is no time"):
        ParquetTable(path).poll(None, NOON, tmp_path)
    with pytest.raises(DataError, match="has no column 'at': its columns are id, time"):
        ParquetTable(path, "at").poll(None, NOON, tmp_path)


def test_what_is_no_parquet_file_is_an_error(tmp_path):
    (tmp_path / "a.parquet").write_text("x")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        ParquetTable(str(tmp_path / "a.parquet")).poll(None, NOON, tmp_path)
    with pytest.raises(Unreachable, match="cannot be read: .*Check the path"):
        ParquetTable(str(tmp_path / "b.parquet")).poll(None, NOON, tmp_path)
