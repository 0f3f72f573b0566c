import pytest

from vernal.base import ConfigError
from vernal.triggers.condition import Condition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ctr < 0.0191", Condition("ctr", True, 0.0191)),
        ("ctr<.0191", Condition("ctr", True, 0.0191)),
        ("delta > -2e-3", Condition("delta", False, -0.002)),
        ("shop.revenue < 1000", Condition("shop.revenue", True, 1000.0)),
        ("correct < champion - 0.02", Condition("correct", True, -0.02, relative=True)),
        ("loss > champion+0.1", Condition("loss", False, 0.1, relative=True)),
    ],
)
def test_a_metric_a_side_and_a_level_are_read(text, expected):
    assert Condition.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["ctr", "ctr <= 0.0191", "0.0191 > ctr", "ctr < low", "ctr < champion", "ctr < champion * 2", "ctr < 1 %", 5],
)
def test_what_is_no_condition_is_refused_with_an_example(text):
    with pytest.raises(
        ConfigError, match=r"is no condition\. Write a metric, < or > and a level, e\.g\. 'ctr < 0\.0191'"
    ):
        Condition.parse(text)
