"""Marks on an axis of time: round ones, a few, in their places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.report.dates import Dates

START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def over(**span: float) -> Dates:
    return Dates.of([START.isoformat(), (START + timedelta(**span)).isoformat()])


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        ({"seconds": 4}, ["05:06:07", "05:06:08", "05:06:09", "05:06:10", "05:06:11"]),
        ({"minutes": 4}, ["03-04 05:07", "03-04 05:08", "03-04 05:09", "03-04 05:10"]),
        ({"hours": 20}, ["03-04 06:00", "03-04 12:00", "03-04 18:00", "03-05 00:00"]),
        ({"days": 5}, ["2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09"]),
        ({"days": 30}, ["2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"]),
        ({"days": 200}, ["2026-05", "2026-07", "2026-09"]),
        ({"days": 1500}, ["2027", "2028", "2029", "2030"]),
    ],
)
def test_marks_are_round(span: dict[str, float], labels: list[str]) -> None:
    assert [tick.label for tick in over(**span).ticks] == labels


@given(st.floats(1, 4e9))
def test_marks_are_few_and_between_the_ends(seconds: float) -> None:
    ticks = over(seconds=seconds).ticks
    assert len(ticks) <= 8
    assert all(-1e-9 <= tick.place <= 1 + 1e-9 for tick in ticks)
    assert [tick.place for tick in ticks] == sorted(tick.place for tick in ticks)


def test_a_mark_lies_at_its_time() -> None:
    dates = over(days=5)
    for tick in dates.ticks:
        assert tick.place == pytest.approx(dates.place(f"{tick.label}T00:00:00+00:00"))


def test_a_single_time_is_in_the_middle() -> None:
    assert Dates.of([START.isoformat()]).place(START.isoformat()) == 0.5


def test_a_time_without_a_zone_is_utc() -> None:
    assert over(days=1).place("2026-03-04T17:06:07") == 0.5
