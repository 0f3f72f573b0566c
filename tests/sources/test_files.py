from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime

import fsspec
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from vernal.base import DataError
from vernal.sources import Files, Unreachable


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def put(folder, name, seconds, rows=1, time=0.0):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"x": [name] * rows, "time": [time] * rows}), path)
    os.utime(path, (seconds, seconds))
    return path


def names(arrival):
    return [file.rpartition("/")[2] for file in arrival.files]


def test_files_come_in_the_order_of_their_times_then_of_their_names(tmp_path):
    for name, seconds in (("c", 100), ("b", 200), ("a", 200)):
        put(tmp_path, f"{name}.parquet", seconds, rows=2)
    arrival = Files(str(tmp_path)).poll(None, at(1000), tmp_path)
    assert names(arrival) == ["c.parquet", "a.parquet", "b.parquet"]
    assert arrival.files[0] == str(tmp_path / "c.parquet")
    assert (arrival.rows, arrival.since, arrival.until) == (6, None, None)


def test_a_file_that_may_still_be_written_is_waited_for(tmp_path):
    put(tmp_path, "a.parquet", 100)
    source = Files(str(tmp_path), settle="1min")
    assert source.poll(None, at(159), tmp_path) is None
    assert names(source.poll(None, at(160), tmp_path)) == ["a.parquet"]


def test_files_that_are_none_of_ours_are_left_alone(tmp_path):
    for name in (".a.parquet", "_b.parquet", "c.parquet.tmp", "_temporary/d.parquet", "below/e.parquet"):
        put(tmp_path, name, 100)
    assert Files(str(tmp_path)).poll(None, at(1000), tmp_path) is None
    assert names(Files(str(tmp_path), "**/*.parquet").poll(None, at(1000), tmp_path)) == ["e.parquet"]


def test_a_folder_may_have_any_name(tmp_path):
    folder = tmp_path / "[in] *"
    put(folder, "a.parquet", 100)
    assert names(Files(str(folder)).poll(None, at(1000), tmp_path)) == ["a.parquet"]


def test_a_file_that_appears_late_with_an_older_time_comes(tmp_path):
    put(tmp_path, "new.parquet", 5000)
    source = Files(str(tmp_path), late="1h")
    cursor = source.poll(None, at(6000), tmp_path).cursor
    put(tmp_path, "old.parquet", 2000)
    assert names(source.poll(cursor, at(6000), tmp_path)) == ["old.parquet"]


def test_a_file_that_appears_too_late_is_an_error_and_not_a_loss(tmp_path):
    put(tmp_path, "new.parquet", 10000)
    source = Files(str(tmp_path), late="1h")
    cursor = source.poll(None, at(20000), tmp_path).cursor
    put(tmp_path, "old.parquet", 6400)
    with pytest.raises(DataError, match=r"holds 1 files that were modified until .*, and 0 of them were given"):
        source.poll(cursor, at(20000), tmp_path)
    os.utime(tmp_path / "old.parquet", (11000, 11000))  # What the message says to do.
    assert names(source.poll(cursor, at(20000), tmp_path)) == ["old.parquet"]


def test_a_file_that_was_given_must_not_change(tmp_path):
    put(tmp_path, "a.parquet", 100)
    source = Files(str(tmp_path))
    cursor = source.poll(None, at(1000), tmp_path).cursor
    put(tmp_path, "a.parquet", 200, rows=2)
    with pytest.raises(
        DataError, match=r"a.parquet in .* was given already, and now holds something else.*ParquetTable"
    ):
        source.poll(cursor, at(1000), tmp_path)


def test_a_file_that_was_only_touched_does_not_come_again(tmp_path):
    """Also not when its name is forgotten, an hour of newer files later."""
    path = put(tmp_path, "a.parquet", 100)
    source = Files(str(tmp_path), late="1h")
    cursor = source.poll(None, at(1000), tmp_path).cursor
    os.utime(path, (200, 200))
    assert source.poll(cursor, at(1000), tmp_path) is None
    for step in range(1, 5):
        put(tmp_path, f"b{step}.parquet", step * 3000)
        arrival = source.poll(cursor, at(step * 3000 + 10), tmp_path)
        assert names(arrival) == [f"b{step}.parquet"]
        cursor = arrival.cursor


def test_files_that_were_removed_do_not_come_again(tmp_path):
    path = put(tmp_path, "a.parquet", 100)
    source = Files(str(tmp_path))
    cursor = source.poll(None, at(1000), tmp_path).cursor
    content = path.read_bytes()
    path.unlink()
    put(tmp_path, "b.parquet", 150)
    cursor = source.poll(cursor, at(1000), tmp_path).cursor
    path.write_bytes(content)
    os.utime(path, (100, 100))
    assert source.poll(cursor, at(1000), tmp_path) is None


def test_a_cursor_does_not_grow_with_the_folder(tmp_path):
    source, cursor = Files(str(tmp_path), late="1h"), None
    for hour in range(30):
        put(tmp_path, f"{hour}.parquet", 3600 * hour)
        cursor = source.poll(cursor, at(3600 * hour + 10), tmp_path).cursor
    assert cursor["count"] == 29
    assert [*cursor["files"]] == ["29.parquet"]


def test_a_file_without_rows_is_no_arrival(tmp_path):
    put(tmp_path, "empty.parquet", 100, rows=0)
    source = Files(str(tmp_path))
    assert source.poll(None, at(1000), tmp_path) is None
    put(tmp_path, "full.parquet", 200)
    assert names(source.poll(None, at(1000), tmp_path)) == ["full.parquet"]


def test_half_a_file_is_an_error_that_says_how_to_write_one(tmp_path):
    path = put(tmp_path, "a.parquet", 100)
    path.write_bytes(path.read_bytes()[:-10])
    os.utime(path, (100, 100))
    with pytest.raises(DataError, match=r"a.parquet is no table, or not a whole one: .*rename it when it is finished"):
        Files(str(tmp_path)).poll(None, at(1000), tmp_path)


def test_rows_that_are_later_than_now_are_an_error(tmp_path):
    put(tmp_path, "a.parquet", 100, time=2000.0)
    with pytest.raises(
        DataError, match="holds rows of 1970-01-01 00:33:20.*, which is later than now. Correct the column"
    ):
        Files(str(tmp_path), time_column="time").poll(None, at(1000), tmp_path)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz", "a.feather", "a.arrow"])
def test_all_tables_that_a_chunk_can_be_made_of_are_counted(name, tmp_path):
    table = pa.table({"x": [1, 2, 3], "time": [10.0, 30.0, 20.0]})
    csv = b"x,time\n1,10\n2,30\n3,20\n"
    path = tmp_path / name
    {
        "a.parquet": lambda: pq.write_table(table, path),
        "a.csv": lambda: path.write_bytes(csv),
        "a.csv.gz": lambda: path.write_bytes(gzip.compress(csv)),
    }.get(name, lambda: feather.write_feather(table, path))()
    os.utime(path, (100, 100))
    arrival = Files(str(tmp_path), "a.*", time_column="time").poll(None, at(1000), tmp_path)
    assert (arrival.rows, arrival.since, arrival.until) == (3, 10.0, 30.0)
    assert Files(str(tmp_path), "a.*").poll(None, at(1000), tmp_path).rows == 3


def test_a_file_that_is_no_table_is_an_error(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError, match="a.txt is no table that can be read. Allowed endings: .parquet, .csv"):
        Files(str(tmp_path), "*").poll(None, at(10**10), tmp_path)


def test_a_folder_may_lie_on_any_file_system(tmp_path):
    system = fsspec.filesystem("memory")
    source = Files("memory://in-box")
    far = at(4 * 10**9)
    assert source.poll(None, far, tmp_path) is None
    with system.open("/in-box/a.parquet", "wb") as file:
        pq.write_table(pa.table({"x": [1, 2]}), file)
    arrival = source.poll(None, far, tmp_path)
    assert arrival.files == ("memory:///in-box/a.parquet",)
    with fsspec.open(arrival.files[0], "rb") as file:
        assert pq.read_table(file).num_rows == arrival.rows == 2
    assert source.poll(arrival.cursor, far, tmp_path) is None
    system.store.clear()


def test_a_folder_that_is_missing_may_come(tmp_path):
    with pytest.raises(Unreachable, match="there is no folder .*Check the path"):
        Files(str(tmp_path / "none")).poll(None, at(0), tmp_path)


def test_a_pattern_in_the_place_of_a_folder_is_told(tmp_path):
    with pytest.raises(Unreachable, match=r"no folder .*\*\.csv; which files are read is said by `pattern=`"):
        Files(str(tmp_path / "*.csv")).poll(None, at(0), tmp_path)
