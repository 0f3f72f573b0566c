from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import DataError
from vernal.sources.moments import column_seconds, seconds

DAY = 86400.0


@pytest.mark.parametrize("moment", [
    DAY, 86400, "1970-01-02", "1970-01-02 00:00:00", "1970-01-02T00:00:00Z", "1970-01-02T01:00:00+01:00",
    date(1970, 1, 2), datetime(1970, 1, 2), datetime(1970, 1, 2, tzinfo=UTC),
    datetime(1970, 1, 2, 9, tzinfo=timezone(timedelta(hours=9))),
])  # fmt: skip
def test_a_day_is_a_day_however_it_is_written(moment):
    assert seconds(moment) == DAY


@pytest.mark.parametrize("moment", ["noon", None, [1]])
def test_what_is_no_time_is_an_error(moment):
    with pytest.raises(DataError, match="Column 'at' holds .*, which is no time. Times are timestamps"):
        seconds(moment, "at")


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))
def test_a_column_and_a_single_time_agree(moment):
    table = pa.table({"time": pa.array([moment], pa.timestamp("us"))})
    assert column_seconds(table, "time")[0] == pytest.approx(seconds(moment), abs=1e-6)


@pytest.mark.parametrize(
    "kind", [pa.date32(), pa.date64(), pa.timestamp("s", "Asia/Tokyo"), pa.timestamp("ns")], ids=str
)
def test_columns_of_times_are_read(kind):
    table = pa.table({"time": pa.array([1], pa.int64()).cast(pa.timestamp("s")).cast(kind, safe=False)})
    assert column_seconds(table, "time").tolist() == [0.0 if pa.types.is_date(kind) else 1.0]


def test_rows_without_a_time_are_an_error():
    for values in ([1.0, None], [1.0, float("nan")]):
        with pytest.raises(DataError, match="1 rows have no time: column 'time' is empty there"):
            column_seconds(pa.table({"time": pa.array(values, from_pandas=False)}), "time")


def test_a_column_of_text_is_an_error():
    with pytest.raises(DataError, match="Column 'time' holds string, which is no time"):
        column_seconds(pa.table({"time": ["1970-01-01"]}), "time")
