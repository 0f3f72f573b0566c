from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError, period


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("90min", 5400), ("6h", 21600), ("1.5d", 129_600), ("4w", 2_419_200), (" 2 h ", 7200), ("0.5s", 0.5)],
)
def test_a_number_and_a_unit_are_a_span(text: str, seconds: float) -> None:
    assert period(text).total_seconds() == seconds


@given(st.integers(1, 10_000), st.sampled_from(["s", "min", "h", "d", "w"]))
def test_spans_are_as_long_as_their_unit_times_their_number(number: int, unit: str) -> None:
    assert period(f"{number}{unit}") == number * period(f"1{unit}")


def test_a_span_of_time_stays_what_it_is() -> None:
    assert period(timedelta(hours=1)) == timedelta(hours=1)


@pytest.mark.parametrize("text", ["", "6", "h", "6 hours", "-6h", "1e3s", "6h30min", "6H", "nans", "infd", 6, None])
def test_anything_else_is_none(text: object) -> None:
    with pytest.raises(ConfigError, match="is no span of time. Write a number and a unit: 30s, 90min, 6h, 1.5d or 4w"):
        period(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("span", ["0s", "0.0w", "0.0000001s", timedelta(0), timedelta(seconds=-1)])
def test_a_span_is_longer_than_nothing(span: str | timedelta) -> None:
    with pytest.raises(ConfigError, match="A span of time must be longer than nothing, got"):
        period(span)


def test_a_span_has_an_end() -> None:
    with pytest.raises(ConfigError, match="is too long"):
        period("9999999999d")
