import numpy as np
import pytest
from scipy.stats import norm

from tests.gate.cases import counts
from vernal.base import ConfigError
from vernal.gate import required_labels
from vernal.gate.mcnemar import mcnemar_p


@pytest.mark.parametrize(("difference", "n"), [(0.01, 4940), (0.02, 1231), (0.005, 19_779), (-0.01, 4940)])
def test_the_golden_numbers(difference, n):
    z = 1.6448536269514722 + 0.8416212335729143
    assert n == int(np.ceil(z**2 * (0.08 - difference**2) / difference**2))
    assert required_labels(discordance=0.08, difference=difference, alpha=0.05, power=0.8) == n


@pytest.mark.law
@pytest.mark.parametrize("difference", [0.01, 0.02, 0.005])
def test_so_many_labels_have_the_power_that_was_asked_for(difference):
    n = required_labels(0.08, difference)
    wins, losses = counts(n, difference, repeats=4000)
    assert (mcnemar_p(wins, losses) <= 0.05).mean() == pytest.approx(0.8, abs=0.03)


def test_more_certainty_takes_more_labels():
    base = required_labels(0.08, 0.01)
    assert required_labels(0.08, 0.01, alpha=0.01) > base < required_labels(0.08, 0.01, power=0.9)


def test_a_rule_of_thumb_holds():
    assert required_labels(0.08, 0.01) == pytest.approx((norm.isf(0.05) + norm.isf(0.2)) ** 2 * 800, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"discordance": 0.08, "difference": 0}, "difference.*between 0 and the discordance"),
        ({"discordance": 0.08, "difference": 0.1}, "no more than the items on which they disagree"),
        ({"discordance": 1.2, "difference": 0.1}, "discordance.*between 0 and 1"),
        ({"discordance": 0.1, "difference": 0.1, "alpha": 0}, "alpha.*neither"),
        ({"discordance": 0.1, "difference": 0.1, "power": 1}, "power.*neither"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        required_labels(**arguments)
