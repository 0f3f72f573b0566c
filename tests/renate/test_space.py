import pytest

from tests.renate.syne_tune import named, numbers
from vernal.base import ConfigError
from vernal.renate.config_space import choice, loguniform
from vernal.renate.space import updater_settings, values_and_ranges
from vernal.renate.updaters import DER


class Unknown:
    def __repr__(self) -> str:
        return "unknown()"


def test_values_and_ranges_are_told_apart():
    space = {
        "optimizer": choice(["SGD", "Adam"]),
        "learning_rate": numbers("Float", 0.01, 1, "_LogUniform"),
        "alpha": "uniform(0, 1)",
        "weight_decay": 0.001,
        "name": "uniform",
        "seed": 3,
    }
    values, ranges = values_and_ranges(space, {"seed": 3, "max_epochs": 5})
    assert values == {"weight_decay": 0.001, "name": "uniform"}
    assert {name: str(one) for name, one in ranges.items()} == {
        "optimizer": "choice(SGD, Adam)",
        "learning_rate": "loguniform(0.01, 1)",
        "alpha": "uniform(0, 1)",
    }


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("width", Unknown(), r"config_space\['width'\]: is a Unknown, unknown\(\): neither a value nor a range"),
        ("seed", 1, r"config_space\['seed'\]: is 1, but the argument `seed` of the job is 0"),
        ("updater", choice(["ER", "DER"]), r"config_space\['updater'\]: must be the same for all trials"),
        ("max_epochs", choice([1, 2]), r"config_space\['max_epochs'\]: must be the same for all trials"),
        ("chunk_id", choice([0, 1]), r"config_space\['chunk_id'\]: must be the same for all trials"),
        ("early_stopping", choice([True, False]), r"config_space\['early_stopping'\]: must be the same for all trials"),
        ("width", named("Function"), r"config_space\['width'\]: is Function\(\). Function\(\) cannot be read"),
        ("width", "uniform(1)", r"config_space\['width'\]: is 'uniform\(1\)'. 'uniform\(1\)' is no range"),
    ],
)
def test_what_is_neither_is_refused(name, value, message):
    stated = {"updater": "ER", "max_epochs": 5, "chunk_id": None, "seed": 0}
    with pytest.raises(ConfigError, match=message):
        values_and_ranges({name: value}, stated)


def test_everything_is_said_at_once():
    with pytest.raises(ConfigError) as error:
        values_and_ranges({"a": Unknown(), "b": {"c": 1}, "seed": loguniform(1, 2)}, {"seed": 0})
    assert len(error.value.problems) == 3


def test_values_come_as_themselves_or_as_text():
    assert updater_settings(DER, "DER", {"beta": "0.5", "alpha": 2, "width": 7}) == DER(beta=0.5, alpha=2.0)
    assert updater_settings(DER, "DER", {"early_stopping": "True"}).early_stopping is True
