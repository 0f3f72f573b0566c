import numpy as np
import pytest

from vernal.base import ConfigError
from vernal.gate.metric import Metric, named_metric


def test_a_named_metric_knows_which_way_it_improves():
    assert named_metric("macro_f1").higher_is_better
    assert not named_metric("rmse").higher_is_better


def test_an_error_counts_downwards():
    assert named_metric("mae").gain(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == -1.0


@pytest.mark.parametrize("name", ["macro_f2", "confusion_matrix", "forgetting", "ClassVar"])
def test_what_is_no_metric_of_answers_is_refused(name):
    with pytest.raises(ConfigError, match=f"No metric is called '{name}'.*macro_f1.*pass a `Metric`"):
        named_metric(name)


def test_a_metric_of_ones_own_needs_a_function_and_a_name():
    worst = Metric("worst", lambda y, predicted: np.abs(y - predicted).max(), higher_is_better=False)
    assert worst.gain(np.array([0.0, 0.0]), np.array([1.0, -3.0])) == -3.0
