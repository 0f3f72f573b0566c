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


CASES = {
    "classification": (np.array([0, 1]), np.array([0, 1])),
    "multilabel": (np.array([[0.0, 1.0], [np.nan, 1.0]]), np.array([[-1.0, 1.0], [0.5, 2.0]])),
    "regression": (np.array([0.0, 1.0]), np.array([0.5, 1.0])),
    "heteroscedastic": (np.array([0.0, 1.0]), np.array([[0.5, 0.0], [1.0, -1.0]])),
    "ranking": (np.array([[0.0, 2.0], [1.0, np.nan]]), np.array([[0.5, 1.0], [1.0, 0.0]])),
    "segmentation": (np.array([[0, 1], [1, -1]]), np.array([[0, 1], [0, 0]])),
    "sequence_labelling": (np.array([[0, 1], [1, -1]]), np.array([[0, 1], [0, 0]])),
}
HEADLINES = ["accuracy", "average_precision", "mae", "nll", "ndcg", "mean_iou", "macro_f1"]


@pytest.mark.parametrize("task", CASES)
def test_every_metric_of_a_summary_is_plain_and_has_a_direction(task):
    values = summary(task, *CASES[task], losses=np.array([0.0, 1.0]))
    assert canonical_json(values)
    assert headline(task) == next(iter(values))
    assert all(isinstance(is_higher_better(name), bool) for name in values if name != "coverage_95")


def test_every_task_has_its_headline():
    assert [headline(task) for task in CASES] == HEADLINES


def test_errors_and_losses_improve_downwards():
    names = {name for task, case in CASES.items() for name in summary(task, *case)} - {"coverage_95"} | {"loss"}
    assert {name for name in names if not is_higher_better(name)} == {"hamming_loss", "loss", "mae", "nll", "rmse"}
    assert is_higher_better("ndcg@10")
    assert is_higher_better("span_f1")


def test_a_coverage_improves_neither_way():
    with pytest.raises(ConfigError, match="`coverage_95` is best at 0.95, neither higher nor lower. Watch `nll`"):
        is_higher_better("coverage_95")


def test_unknown_tasks_and_metrics_are_errors_that_suggest():
    with pytest.raises(ConfigError, match="No task is called 'regresion'. Did you mean 'regression'"):
        summary("regresion", [0.0], [0.0])
    with pytest.raises(ConfigError, match="No metric is called 'acuracy'. Did you mean 'accuracy'"):
        is_higher_better("acuracy")
