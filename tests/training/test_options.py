import pytest

from vernal.base import ConfigError, Duration
from vernal.training import Training


def test_a_budget_is_text_or_a_duration():
    assert Training(budget="3ep").duration == Training(budget=Duration(3, "ep")).duration


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"budget": "5"}, "'5' is not a duration"),
        ({"batch_size": 0}, "`batch_size` must be .* got 0"),
        ({"batch_size": 2.5}, "`batch_size` must be .* got 2.5"),
        ({"accumulate": 0}, "`accumulate` must be"),
        ({"devices": 0}, "`devices` must be"),
        ({"workers": -1}, "`workers` must be"),
        ({"clip_norm": -1.0}, "`clip_norm` must be at least 0, got -1.0"),
        ({"clip_value": -1.0}, "`clip_value` must be"),
        ({"clip_norm": 1.0, "clip_value": 1.0}, "`clip_norm` and `clip_value` are both set. Set one of them"),
        ({"patience": 0}, "`patience` must be"),
        ({"checkpoint_minutes": -1}, "`checkpoint_minutes` must be"),
        ({"precision": "8"}, "`precision` must be one of 32-true, .* got '8'"),
        ({"accelerator": "tpu"}, "`accelerator` must be one of auto, cpu, cuda, mps, got 'tpu'"),
    ],
)
def test_what_is_out_of_range_is_named(options, text):
    with pytest.raises(ConfigError, match=text):
        Training(**options)
