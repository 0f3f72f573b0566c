import numpy as np
import pytest

from vernal.base import ConfigError, DataError, canonical_json
from vernal.metrics import (
    accuracy,
    headline,
    is_higher_better,
    macro_f1,
    mae,
    r2,
    rmse,
    summary,
)


def test_a_classification_is_summed_up_by_accuracy_and_macro_f1():
    y, predicted = np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2])
    expected = {"accuracy": accuracy(y, predicted), "macro_f1": macro_f1(y, predicted)}
    assert summary("classification", y, predicted) == expected


def test_a_regression_is_summed_up_by_its_errors_and_what_it_explains():
    y, predicted = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])
    expected = {"mae": mae(y, predicted), "rmse": rmse(y, predicted), "r2": r2(y, predicted)}
    assert summary("regression", y, predicted) == expected


def test_losses_add_their_mean():
    with_loss = summary("regression", [[1.0, 2.0], [3.0, 4.0]], np.zeros((2, 2)), losses=[0.25, 0.75])
    assert with_loss["loss"] == 0.5


def test_losses_must_be_one_per_row():
    with pytest.raises(DataError, match=r"`losses` has the shape \(3,\), and there are 2 rows"):
        summary("classification", [0, 1], [0, 1], losses=[0.1, 0.2, 0.3])


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_metric_of_a_summary_is_plain_and_has_a_direction(task):
    values = summary(task, np.array([0, 1]), np.array([0, 1]), losses=np.array([0.0, 1.0]))
    assert canonical_json(values)
    assert headline(task) == next(iter(values))
    assert all(isinstance(is_higher_better(name), bool) for name in values)


def test_errors_and_losses_improve_downwards():
    lower = [name for name in ("accuracy", "macro_f1", "loss", "mae", "rmse", "r2") if not is_higher_better(name)]
    assert lower == ["loss", "mae", "rmse"]


def test_unknown_tasks_and_metrics_are_errors_that_suggest():
    with pytest.raises(ConfigError, match="No task is called 'regresion'. Did you mean 'regression'"):
        summary("regresion", [0.0], [0.0])
    with pytest.raises(ConfigError, match="No metric is called 'acuracy'. Did you mean 'accuracy'"):
        is_higher_better("acuracy")
