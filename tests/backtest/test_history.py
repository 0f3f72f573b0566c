"""How a history is cut: every row comes once, in its time."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backtest.histories import stream, written
from vernal.backtest import History
from vernal.base import ConfigError, DataError
from vernal.loop import Labels, Policy, Predictions
from vernal.sources import Files
from vernal.triggers import Rows

QUIET = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def history(folder: Path, times: Any, **options: Any) -> History:
    rows = {"time": times, "x": np.arange(len(times))}
    return History([written(folder, rows)], **options)


def cut(past: History, every: str | int, inbox: Path) -> list[int]:
    """The rows of each chunk, as a policy gets them."""
    cursor, found = None, []
    for tick in past.ticks(every):
        arrival = past.rows.poll(cursor, tick, inbox)
        assert arrival is not None
        cursor = arrival.cursor
        found.append(arrival.rows)
    return found


def counted(past: History, every: str | int) -> list[int]:
    """The same, without a file for each chunk: rows whose times are not after the ends of chunks."""
    ends = [tick.timestamp() for tick in past.ticks(every)]
    return np.diff(np.searchsorted(past.times, ends, side="right"), prepend=0).tolist()


def test_chunks_of_so_many_rows_leave_out_the_rest(tmp_path: Path) -> None:
    assert cut(history(tmp_path, np.arange(23.0)), 5, tmp_path) == [5, 5, 5, 5]


def test_rows_of_one_time_are_not_parted(tmp_path: Path) -> None:
    times = np.array([0.0, 1, 2, 2, 2, 2, 2, 3, 4, 5, 6, 7])
    assert cut(history(tmp_path, times), 2, tmp_path) == [2, 5, 1, 2, 2]


def test_a_policy_gets_what_is_counted(tmp_path: Path) -> None:
    past = history(tmp_path, np.random.default_rng(0).uniform(0, 1e6, 50))
    assert cut(past, "1d", tmp_path) == counted(past, "1d")


def test_spans_without_rows_are_left_out(tmp_path: Path) -> None:
    times = np.array([0.0, 10, 70, 80, 90, 300, 361, 500])
    ticks = history(tmp_path, times).ticks("1min")
    assert [tick.timestamp() for tick in ticks] == [60.0, 120.0, 300.0, 420.0, 540.0]
    assert cut(history(tmp_path, times), "1min", tmp_path) == [2, 3, 1, 1, 1]


def test_a_row_at_the_end_of_a_span_belongs_to_it(tmp_path: Path) -> None:
    days = 86400.0 * np.arange(7)
    assert cut(history(tmp_path, days), "1d", tmp_path) == [2, 1, 1, 1, 1, 1]


@QUIET
@given(
    times=st.lists(st.floats(0, 4e9, allow_subnormal=False), min_size=30, max_size=60),
    every=st.sampled_from(["1.7s", "1h", "13d", "400d"]),
)
def test_spans_hold_every_row_once(times: list[float], every: str, tmp_path: Path) -> None:
    past = history(tmp_path, np.array(times))
    try:
        rows = counted(past, every)
    except ConfigError:  # Too few chunks.
        return
    assert sum(rows) == len(times)
    assert min(rows) >= 1


@QUIET
@given(times=st.lists(st.floats(0, 4e9, allow_subnormal=False), min_size=30, max_size=60, unique=True))
def test_chunks_of_rows_hold_as_many_however_fine_the_clock_is(times: list[float], tmp_path: Path) -> None:
    fine = 1e-5 * np.round(1e5 * np.array(times))
    if len(np.unique(fine)) == len(fine):
        assert counted(history(tmp_path, fine), 7) == [7] * (len(fine) // 7)


def test_times_can_be_datetimes_and_dates(tmp_path: Path) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments = pa.array([start + timedelta(days=day) for day in range(6)])
    dates = pa.array([(start + timedelta(days=day)).date() for day in range(6)])
    for times in (moments, dates):
        assert history(tmp_path, times).ticks(1)[2] == datetime(2026, 1, 3, tzinfo=UTC)


def test_a_row_without_a_time_is_an_error(tmp_path: Path) -> None:
    for missing in (np.array([0.0, math.nan, 2]), pa.array([0.0, None, 2.0])):
        with pytest.raises(DataError, match="1 rows have no time: column 'time'.*Fill it in, or leave these rows out"):
            history(tmp_path, missing).ticks(1)


def test_too_few_chunks_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"10 rows into 3. A backtest needs 4 or more: make them smaller"):
        history(tmp_path, np.arange(10.0)).ticks(3)


@pytest.mark.parametrize("every", [0, -3])
def test_a_chunk_has_rows(every: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`chunk` must be"):
        history(tmp_path, np.arange(10.0)).ticks(every)


def test_a_span_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'fortnight' is no span of time"):
        history(tmp_path, np.arange(10.0)).ticks("fortnight")


@pytest.mark.parametrize("option", ["time", "id", "label"])
def test_a_column_that_is_not_there_is_named(option: str, tmp_path: Path) -> None:
    past = History([written(tmp_path, stream(20))], **{option: "sid"})
    with pytest.raises(DataError, match=r"no column 'sid'\. Did you mean"):
        past.ticks(2)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing.parquet"):
        History([str(tmp_path / "missing.parquet")]).ticks(2)
    (tmp_path / "rubbish.parquet").write_text("no table")
    with pytest.raises(DataError, match="rubbish.parquet.* cannot be read"):
        History([str(tmp_path / "rubbish.parquet")]).ticks(2)


def test_late_labels_need_ids_that_are_unique(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="joined with them by id: name the columns `id` and `label`"):
        History(["a.parquet"], delay="1d")
    with pytest.raises(ConfigError, match="no span of time"):
        History(["a.parquet"], id="id", label="side", delay="soon")
    columns = stream(20) | {"id": np.arange(20) // 2}
    with pytest.raises(DataError, match="20 rows of the history have 10 different values in 'id'"):
        History([written(tmp_path, columns)], id="id", label="side", delay="1h").ticks(2)


def test_several_files_are_one_history(tmp_path: Path) -> None:
    columns = stream(20)
    parts = [{name: values[part] for name, values in columns.items()} for part in (slice(10, 20), slice(0, 10))]
    files = [written(tmp_path, part, f"part-{n}") for n, part in enumerate(parts)]
    assert cut(History(files), 5, tmp_path) == [5] * 4


@pytest.mark.parametrize("delay", [None, "1h"])
def test_answers_of_the_models_that_were_in_production_tell_nothing_of_a_policy(
    delay: str | None, tmp_path: Path
) -> None:
    files = Files(str(tmp_path))
    served = Predictions(files, id="id", prediction="said", time="at")
    late = Labels(files, id="id", label="y", time="known", maturity="1d")
    rows = {"time": np.arange(10.0), "id": np.arange(10), "y": np.zeros(10)}
    past = History([written(tmp_path, rows)], id="id", label="y", delay=delay)
    lived = past.of(Policy([files], Rows(5), labels=late, predictions=served))
    assert lived.predictions is None
    assert (lived.labels is None) == (delay is None)
