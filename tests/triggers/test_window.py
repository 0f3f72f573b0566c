import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError, canonical_json
from vernal.triggers.window import Summary, Window


def stream(values, step=1.0, begin=0.0):
    return np.stack([begin + step * np.arange(len(values)), np.asarray(values, np.float64)], axis=1)


def in_pieces(window, values, cuts, end):
    """All summaries of a stream that comes in pieces, and the last state; now is the time of what comes next."""
    state, found = window.start(), []
    bounds = [0, *sorted(cuts), len(values)]
    for begin, until in zip(bounds, bounds[1:], strict=False):
        now = values[until, 0] if until < len(values) else end
        state, summaries = window.add(json.loads(canonical_json(state)), values[begin:until], now)
        found += summaries
    return found, state


def test_a_window_of_rows_is_the_rows_that_came_last():
    rng = np.random.default_rng(0)
    values = rng.normal(1000, 2, size=300)
    found, _ = in_pieces(Window(50), stream(values), [], 300.0)
    assert len(found) == 251
    for end, summary in enumerate(found, start=50):
        last = values[end - 50 : end]
        assert summary.n == 50
        assert summary.mean == pytest.approx(last.mean(), rel=1e-12)
        assert summary.variance == pytest.approx(last.var(ddof=1), rel=1e-9)


def test_a_large_window_slides_by_a_hundredth():
    values = np.random.default_rng(0).random(1730)
    found, state = in_pieces(Window(1000), stream(values), [], 1730.0)
    assert len(found) == 74  # At 1,000 rows, 1,010, ..., 1,730.
    assert [summary.n for summary in found] == [1000] * 74
    assert found[-1].mean == pytest.approx(values[-1000:].mean())
    assert len(state["buckets"]) <= 100


def test_a_window_of_time_is_what_was_measured_in_it():
    window = Window("100s")  # Buckets of a second.
    times = np.array([0.5, 1.5, 60.5, 99.5, 100.5, 130.2, 130.7, 400.0])
    values = np.stack([times, np.arange(8.0)], axis=1)
    found, _ = in_pieces(window, values, [], 401.0)
    assert [(summary.n, summary.mean) for summary in found] == [
        (4, 1.5),  # At 100 s: of the seconds 0 to 99.
        (4, 2.5),  # At 101 s: 1.5 to 100.5.
        (5, 4.0),  # At 131 s: 60.5 to 130.7.
        (1, 7.0),
    ]


def test_whether_values_are_shares_is_said_of_those_in_the_window():
    found, _ = in_pieces(Window(3), stream([0, 1, 0.5, 1, 1, 0, 0]), [], 7.0)
    assert [summary.is_share for summary in found] == [False, False, False, True, True]


def test_equal_values_have_exactly_their_mean():
    found, _ = in_pieces(Window(1000), stream([0.0191] * 5000), [], 5000.0)
    assert {summary.mean for summary in found} == {0.0191}


@given(
    st.lists(st.sampled_from([0.0, 1.0, 0.25, float("nan")]), max_size=60),
    st.lists(st.integers(0, 60), max_size=5),
    st.sampled_from([1, 7, 30, "5s", "20s"]),
)
def test_the_cut_of_the_stream_does_not_matter(values, cuts, size):
    window, values = Window(size), stream(values, step=0.7)
    whole = in_pieces(window, values, [], 50.0)
    assert in_pieces(window, values, [min(cut, len(values)) for cut in cuts], 50.0) == whole


def test_late_values_count_where_their_time_belongs():
    window = Window("100s")
    state, _ = window.add(window.start(), stream(np.ones(150)), 150.0)
    late = np.array([[120.5, 10.0], [10.0, 1000.0]])  # The second is too old.
    state, found = window.add(state, late, 150.0)
    assert found == []
    _, (summary,) = window.add(state, np.array([[150.5, 1.0]]), 151.0)
    assert (summary.n, summary.mean) == (101, pytest.approx(110 / 101))


def test_the_state_has_a_bound():
    window, state = Window("1d"), Window("1d").start()
    for day in range(5):
        state, _ = window.add(
            state, stream(np.random.default_rng(day).random(5000), 17.28, 86400.0 * day), 86400.0 * (day + 1)
        )
    assert len(state["buckets"]) <= 101
    assert len(canonical_json(state)) < 10_000


def test_without_values_there_is_nothing():
    window = Window(5)
    assert window.add(window.start(), np.empty((0, 2)), 0.0) == (window.start(), [])


def test_a_summary_of_one_value_has_no_spread():
    (summary,), _ = in_pieces(Window(1), stream([3.0]), [], 1.0)
    assert summary == Summary(1, 3.0, 0.0, False)


@pytest.mark.parametrize(
    ("size", "message"), [(0, "`window` must be at least 1, got 0"), ("7", "'7' is no span of time")]
)
def test_a_size_that_is_none_is_refused(size, message):
    with pytest.raises(ConfigError, match=message):
        Window(size)
