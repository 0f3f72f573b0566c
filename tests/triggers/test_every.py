import pytest

from tests.triggers.doubles import NOW, after, fires, run
from vernal.base import ConfigError
from vernal.triggers import Every, Facts


def test_it_fires_after_each_step_and_a_late_look_does_not_shift_the_next():
    moments = [0, 5.9, 6.1, 11.9, 12, 17]
    assert fires(Every("6h"), [Facts(after(hours=hours)) for hours in moments]) == [0, 0, 1, 0, 1, 0]


def test_steps_that_nobody_looked_at_are_one_fire():
    stream = [Facts(NOW), Facts(after(days=3)), Facts(after(days=3, hours=5)), Facts(after(days=3, hours=6))]
    assert fires(Every("6h"), stream) == [0, 1, 0, 1]
    assert run(Every("6h"), stream[:2])[1][-1].evidence["ended"] == 12


def test_a_clock_that_goes_back_repeats_no_step():
    assert fires(Every("6h"), [Facts(NOW), Facts(after(hours=6)), Facts(after(hours=5)), Facts(after(hours=7))]) == [
        0,
        1,
        0,
        0,
    ]


def test_a_span_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="'6' is no span of time"):
        Every("6")
