"""Times come as numbers or as datetimes of three libraries."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
import torch

from vernal.base import DataError
from vernal.data.times import seconds

DAY = 86400.0
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "times",
    [
        [DAY, 0],
        torch.tensor([DAY, 0]),
        np.array(["1970-01-02", "1970-01-01"], dtype="datetime64[ns]"),
        [datetime(1970, 1, 2, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)],
        [datetime(1970, 1, 2, 2, tzinfo=EAST), datetime(1970, 1, 1)],
    ],
)
def test_one_time_is_the_same_however_it_is_given(times):
    assert seconds(times).tolist() == [DAY, 0]
    assert seconds(times).dtype == np.float64


def test_times_of_pandas_may_have_a_zone_and_gaps():
    pandas = pytest.importorskip("pandas")
    series = pandas.to_datetime(pandas.Series(["1970-01-02T02:00", None])).dt.tz_localize(EAST)
    assert seconds(series)[0] == DAY
    assert np.isnan(seconds(series)[1])


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (["monday"], "`times` are of type <U6. Give seconds since 1970 as numbers, or datetimes"),
        ([1j], "`times` are of type complex128"),
        ([True], "`times` are of type bool"),
        ([date(1970, 1, 1)], r"`times` hold a date, datetime.date\(1970, 1, 1\)"),
        ([float("inf")], "`times` hold infinity. Give NaN where a time is unknown"),
        ([[1.0], [2.0]], r"`times` have the shape \(2, 1\). Give one time per row"),
        (1.0, r"`times` have the shape \(\)"),
    ],
)
def test_times_of_another_kind_are_refused(times, message):
    with pytest.raises(DataError, match=message):
        seconds(times)


def test_unknown_times_are_nan():
    assert np.isnan(seconds([np.nan, np.nan])).all()
    assert np.isnan(seconds([None, datetime(1970, 1, 1)])).tolist() == [True, False]
