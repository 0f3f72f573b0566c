import pytest

from vernal.base import ConfigError
from vernal.gate.margin import Margin, read_margin


@pytest.mark.parametrize(
    ("given", "margin"),
    [(0.01, Margin(0.01)), (1, Margin(1.0)), ("1%", Margin(0.01, True)), (" +12.5 % ", Margin(0.125, True))],
)
def test_an_amount_or_a_share(given, margin):
    assert read_margin("margin", given) == margin


@pytest.mark.parametrize("given", ["1", "-1%", "a lot", "%"])
def test_a_text_that_is_no_share_is_refused(given):
    with pytest.raises(ConfigError, match="`margin` must be a number of at least 0, or a share such as '1%'"):
        read_margin("margin", given)


def test_a_negative_amount_is_refused():
    with pytest.raises(ConfigError, match="`margin` must be at least 0"):
        read_margin("margin", -0.01)


def test_a_share_of_nothing_is_nothing():
    assert read_margin("margin", "5%").of(0.0) == 0.0
