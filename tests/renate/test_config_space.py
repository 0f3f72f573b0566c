import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.renate import config_space
from vernal.renate.config_space import (
    choice,
    finrange,
    logfinrange,
    logordinal,
    lograndint,
    loguniform,
    ordinal,
    qrandint,
    quniform,
    randint,
    uniform,
)
from vernal.space import Choice, Range, Real, Whole


def values_of(one: Range) -> list[float]:
    match one:
        case Choice():
            return [*one.options]
        case Whole():
            return [*range(one.low, one.high + 1)]
        case Real():
            return [one.at(place) for place in range(one.steps + 1)]
    raise TypeError(one)


def test_every_name_of_syne_tune_has_its_range() -> None:
    assert [str(one) for one in (uniform(0, 1), loguniform(0.01, 1), randint(1, 5), lograndint(1, 64))] == [
        "uniform(0, 1)",
        "loguniform(0.01, 1)",
        "randint(1, 5)",
        "lograndint(1, 64)",
    ]
    assert choice(["SGD", "Adam"]).options == ("SGD", "Adam")
    assert choice(["SGD"]).options == ("SGD",)
    assert choice([(1, 2), (3,)]).options == ((1, 2), (3,))
    assert quniform(0, 1, 0.25) == uniform(0, 1, step=0.25)
    assert qrandint(16, 64, 16).options == (16, 32, 48, 64)
    assert qrandint(10, 64, 16).options == (16, 32, 48, 64)  # Rounded to what 16 divides.
    assert qrandint(1, 8) == randint(1, 8)
    assert ordinal(["small", "large"]).options == ("small", "large")
    assert logordinal([1, 10, 100]).options == (1, 10, 100)


def test_finite_ranges_hold_what_syne_tune_put_into_them() -> None:
    assert values_of(finrange(0.1, 0.9, 5)) == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert values_of(finrange(0, 1, 4)) == [0.0, 0.333333333333, 0.666666666667, 1.0]
    assert values_of(finrange(2, 8, 3, cast_int=True)) == [2, 5, 8]
    assert values_of(logfinrange(0.001, 1, 4)) == [0.001, 0.01, 0.1, 1.0]
    assert values_of(logfinrange(8, 512, 7, cast_int=True)) == [8, 16, 32, 64, 128, 256, 512]


@given(
    st.integers(-1000, 1000), st.integers(1, 1000), st.integers(3, 12), st.sampled_from([finrange, logfinrange])
)  # fmt: skip
def test_a_finite_range_has_its_ends_and_its_size(low, width, size, make) -> None:
    low = abs(low) + 1 if make is logfinrange else low
    values = values_of(make(low / 100, (low + width) / 100, size))
    assert len(values) == size
    assert (values[0], values[-1]) == (low / 100, (low + width) / 100)


def test_an_order_is_kept_where_there_is_a_range_for_it() -> None:
    assert isinstance(ordinal([1, 2, 3, 4]), Whole)
    assert isinstance(ordinal([0.1, 0.2, 0.3]), Real)
    assert isinstance(ordinal([0.1, 0.2, 0.4]), Choice)
    assert isinstance(ordinal([4, 3, 2, 1]), Choice)
    assert isinstance(ordinal([True, False]), Choice)


@pytest.mark.parametrize("name", ["reverseloguniform", "qloguniform", "qlograndint", "randn"])
def test_what_is_not_there_says_what_to_write(name) -> None:
    with pytest.raises(ConfigError, match=f"There is no `{name}` here. Write "):
        getattr(config_space, name)
    with pytest.raises(ConfigError, match=f"There is no `{name}` here"):
        importlib.import_module("vernal.renate.config_space").__getattr__(name)


def test_other_names_are_missing_as_from_any_module() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'gaussian'"):
        _ = config_space.gaussian
