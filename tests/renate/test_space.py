import pytest

from vernal.base import ConfigError
from vernal.renate.space import fixed_values, updater_settings
from vernal.renate.updaters import DER


class Uniform:
    def __repr__(self):
        return "uniform(0.001, 0.1)"


def test_a_range_says_when_it_comes():
    with pytest.raises(
        ConfigError, match=r"'learning_rate'\]: is a Uniform, uniform\(0.001, 0.1\), and no fixed value"
    ):
        fixed_values({"learning_rate": Uniform()}, {})


def test_everything_is_said_at_once():
    with pytest.raises(ConfigError) as error:
        fixed_values({"a": Uniform(), "b": {"c": 1}, "seed": 1}, {"seed": 0})
    assert len(error.value.problems) == 3


def test_values_come_as_themselves_or_as_text():
    assert updater_settings(DER, "DER", {"beta": "0.5", "alpha": 2, "width": 7}) == DER(beta=0.5, alpha=2.0)
    assert updater_settings(DER, "DER", {"early_stopping": "True"}).early_stopping is True
