from __future__ import annotations

import sqlite3
import sys
import uuid
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from vernal.base import ConfigError, DataError, MissingExtra, SchemaMismatch
from vernal.sources import Table, Unreachable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def filled(url, rows, time=None, key=None):
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    columns = (sa.Column("id", key or sa.Integer), sa.Column("time", time or sa.DateTime), sa.Column("x", sa.Float))
    table = sa.Table("events", sa.MetaData(), *columns)
    with engine.begin() as connection:
        table.create(connection, checkfirst=True)
        connection.execute(table.insert(), [dict(zip(("id", "time", "x"), row, strict=True)) for row in rows])


def rows_of(arrival, column="id"):
    return pq.read_table(arrival.files[0]).column(column).to_pylist()


def all_ids(source, until, inbox):
    cursor, found = None, []
    while arrival := source.poll(cursor, until, inbox):
        found.append(rows_of(arrival))
        cursor = arrival.cursor
    return found


def naive(minutes):
    return (NOON + timedelta(minutes=minutes)).replace(tzinfo=None)


def test_rows_of_one_time_are_neither_lost_nor_doubled_where_an_arrival_ends_between_them(database_url, tmp_path):
    filled(database_url, [(i, naive(-10), 0.5) for i in (5, 3, 1, 4, 2)])
    assert all_ids(Table(database_url, "events", max_rows=2), NOON, tmp_path) == [[1, 2], [3, 4], [5]]


def test_rows_are_waited_for_as_long_as_the_lag_says(database_url, tmp_path):
    filled(database_url, [(1, naive(-5), 0.0), (2, naive(-4), 0.0)])
    source = Table(database_url, "events", lag="5min")
    arrival = source.poll(None, NOON, tmp_path)
    assert rows_of(arrival) == [1]
    filled(database_url, [(3, naive(-4.5), 0.0)])  # Committed late, and not too late.
    assert rows_of(source.poll(arrival.cursor, NOON + timedelta(minutes=1), tmp_path)) == [3, 2]


@pytest.mark.parametrize("row", [(None, naive(-5), 0.0), (1, None, 0.0)])
def test_a_row_without_a_time_or_an_id_is_an_error(row, database_url, tmp_path):
    filled(database_url, [row])
    with pytest.raises(DataError, match=r"1 rows have no time: column '(time|id)' is empty.*Fill it in"):
        Table(database_url, "events").poll(None, NOON, tmp_path)


def test_an_id_that_does_not_tell_rows_apart_is_an_error(database_url, tmp_path):
    filled(database_url, [(7, naive(-5), 0.0), (7, naive(-5), 1.0)])
    with pytest.raises(DataError, match="Two rows are time .*, id 7. Name an `id_column` that tells rows"):
        Table(database_url, "events", max_rows=1).poll(None, NOON, tmp_path)


def test_a_query_in_the_place_of_a_table(database_url, tmp_path):
    filled(database_url, [(i, naive(-5), float(i)) for i in range(6)])
    query = "SELECT id AS number, time AS at, x * 2 AS double FROM events WHERE x > 2;"
    source = Table(database_url, query=query, time_column="at", id_column="number", max_rows=2)
    arrival = source.poll(None, NOON, tmp_path)
    assert rows_of(arrival, "double") == [6.0, 8.0]
    assert rows_of(source.poll(arrival.cursor, NOON, tmp_path), "number") == [5]


def test_what_a_database_refuses_is_an_error_without_values_or_passwords(database_url, tmp_path):
    filled(database_url, [(1, naive(-5), 0.0)])
    for source in (Table(database_url, "evnts"), Table(database_url, "events", "tiem")):
        with pytest.raises(DataError, match=r"(no such table|no such column|does not exist)") as caught:
            source.poll(None, NOON, tmp_path)
        assert "postgres:" not in str(caught.value)
        assert "SELECT" not in str(caught.value)


def test_ids_and_times_of_all_kinds_survive_a_cursor(database_url, tmp_path):
    keys = [uuid.UUID(int=i) for i in range(4)]
    filled(database_url, [(key, naive(-5), 0.0) for key in keys], key=sa.Uuid)
    found = all_ids(Table(database_url, "events", max_rows=3), NOON, tmp_path)
    assert [uuid.UUID(key) for part in found for key in part] == keys


@pytest.mark.parametrize(("kind", "times"), [
    (sa.Numeric, [0.5, 1.25, 2]),
    (sa.Float, [0.5, 1.25, 2]),
    (sa.BigInteger, [1, 2, 3]),
    (sa.Date, [datetime(1970, 1, d, tzinfo=UTC).date() for d in (1, 2, 3)]),
    (sa.DateTime(timezone=True), [datetime(1970, 1, d, tzinfo=UTC) for d in (1, 2, 3)]),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:Dialect sqlite.*does \\*not\\* support Decimal")
def test_times_may_be_of_many_types(kind, times, database_url, tmp_path):
    filled(database_url, [(i, t, 0.0) for i, t in enumerate(times)], time=kind)
    assert all_ids(Table(database_url, "events", max_rows=1), NOON, tmp_path) == [[0], [1], [2]]


def sqlite(folder, times):
    path = folder / "x.db"
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE events (id INTEGER, time)")
        connection.executemany("INSERT INTO events VALUES (?, ?)", enumerate(times))
    connection.close()
    return f"sqlite:///{path}"


@pytest.mark.parametrize("times", [
    ["2026-03-01 00:00:00"] * 2 + ["2026-03-01 00:00:00.5", "2026-03-01 00:00:01"],
    ["2026-03-01T00:00:00Z"] * 2 + ["2026-03-01T00:00:01Z"],
    ["2026-03-01"] * 2 + ["2026-03-02"],
])  # fmt: skip
def test_text_of_one_format_is_a_time(times, tmp_path):
    source = Table(sqlite(tmp_path, times), "events", max_rows=1)
    until = NOON + timedelta(days=2)
    assert all_ids(source, until, tmp_path) == [[i] for i in range(len(times))]


def test_text_of_several_formats_is_an_error(tmp_path):
    source = Table(sqlite(tmp_path, ["2026-03-01T00:00:00+00:00", "2026-03-01 01:00:00"]), "events")
    with pytest.raises(DataError, match="Text is sorted as text: store all times in one format"):
        source.poll(None, NOON, tmp_path)


def test_what_is_no_time_is_an_error(tmp_path):
    with pytest.raises(DataError, match="Column 'time' holds 'noon', which is no time. Times are timestamps"):
        Table(sqlite(tmp_path, ["noon"]), "events").poll(None, NOON, tmp_path)


def test_values_of_two_kinds_in_a_column_are_an_error(tmp_path):
    url = sqlite(tmp_path, [1, 2])
    connection = sqlite3.connect(tmp_path / "x.db")
    with connection:
        connection.execute("ALTER TABLE events ADD COLUMN x")
        connection.execute("UPDATE events SET x = CASE id WHEN 0 THEN 1.5 ELSE 'n/a' END")
    connection.close()
    with pytest.raises(
        SchemaMismatch, match=r"'x' holds a number \(1.5, time 1, id 0\) and text \('n/a', time 2, id 1\)"
    ):
        Table(url, "events").poll(None, NOON, tmp_path)


def test_a_table_of_a_schema(postgresql_url, tmp_path):
    filled(postgresql_url, [(1, naive(-5), 0.0)])
    schema = postgresql_url.rpartition("%3D")[2]
    assert rows_of(Table(postgresql_url, f"{schema}.events").poll(None, NOON, tmp_path)) == [1]


def test_a_database_that_is_missing_is_not_made(tmp_path):
    with pytest.raises(Unreachable, match="There is no SQLite database .*Check the path"):
        Table(f"sqlite:///{tmp_path}/none.db", "events").poll(None, NOON, tmp_path)
    assert not (tmp_path / "none.db").exists()


def test_a_server_that_is_down_may_come_back_and_its_password_is_not_told(tmp_path):
    source = Table("postgresql://me:secret@127.0.0.1:9/db", "events")
    with pytest.raises(Unreachable, match=r"postgresql://\*\*\*@127.0.0.1:9/db cannot be read") as caught:
        source.poll(None, NOON, tmp_path)
    assert "secret" not in str(caught.value) + repr(source)


@pytest.mark.parametrize(
    ("url", "said"), [("me:secret", "'me:secret' is no address"), ("orcale://h/d", "knows no 'orcale'")]
)
def test_what_is_no_database_is_an_error(url, said, tmp_path):
    with pytest.raises(ConfigError, match=said):
        Table(url, "events").poll(None, NOON, tmp_path)


def test_a_driver_that_is_missing_is_named_with_its_pip_line(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"pip install 'vernal\[postgres\]'"):
        Table("postgresql://host/db", "events").poll(None, NOON, tmp_path)


def test_what_a_table_source_needs():
    with pytest.raises(ConfigError, match="needs either `table`, or `query`"):
        Table("sqlite:///x.db")
    with pytest.raises(ConfigError, match="`max_rows` must be at least 1, got 0"):
        Table("sqlite:///x.db", "events", max_rows=0)
    with pytest.raises(ConfigError, match="is no span of time"):
        Table("sqlite:///x.db", "events", lag="soon")
