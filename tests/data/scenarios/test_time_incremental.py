import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.scenarios.toys import Unread
from vernal.base import ConfigError, DataError
from vernal.data.labels import labels
from vernal.data.scenarios import TimeIncremental


@given(
    times=st.lists(st.integers(0, 20), min_size=1, max_size=40),
    cuts=st.lists(st.integers(0, 20), unique=True, max_size=4).map(sorted),
)
def test_every_row_is_in_the_one_chunk_of_its_time(times, cuts):
    parts = TimeIncremental(cuts, time=labels).parts(Unread(times))
    edges = [-np.inf, *cuts, np.inf]
    assert len(parts) == len(cuts) + 1
    assert sorted(i for part in parts for i in part.indices) == list(range(len(times)))
    for part, start, end in zip(parts, edges, edges[1:], strict=False):
        assert all(start <= times[i] < end for i in part.indices)
        assert part.indices == sorted(part.indices)


def test_cuts_between_whole_times_are_not_rounded():
    parts = TimeIncremental(cuts=(0.5,), time=labels).parts(Unread([0, 1]))
    assert [part.indices for part in parts] == [[0], [1]]


def test_times_may_be_numpy_datetimes():
    days = np.array(["2019-12-31", "2020-01-01", "2021-06-01"], dtype="datetime64[s]")
    parts = TimeIncremental(cuts=("2020-01-01", "2021-01-01"), time=labels).parts(Unread(days))
    assert [part.indices for part in parts] == [[0], [1], [2]]


@pytest.mark.parametrize("times", [[1.0, np.nan], np.array(["2020-01-01", "NaT"], dtype="datetime64[D]")])
def test_rows_without_a_time_are_an_error(times):
    with pytest.raises(DataError, match=r"Some rows have no time \(NaN or NaT\)"):
        TimeIncremental(cuts=(), time=labels).parts(Unread(times))


@pytest.mark.parametrize("cuts", [(2, 1), (1, 1)])
def test_cuts_must_ascend(cuts):
    with pytest.raises(ConfigError, match="`cuts` must ascend, got"):
        TimeIncremental(cuts, time=labels)
