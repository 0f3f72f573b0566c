"""The classifier test: against a ridge regression per fold, written out."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from tests.drift.laws import normal
from vernal.drift import ClassifierTest


def written_out(test: ClassifierTest, x: np.ndarray, y: np.ndarray, seed: int) -> float:
    """The mean over folds of the area under the curve, each by one ridge regression and SciPy's rank statistic."""
    rows = np.concatenate([x, y])
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    is_current = np.repeat([0.0, 1.0], [len(x), len(y)])
    areas = []
    for fold in test._folds(len(rows), seed):
        rest = np.setdiff1d(np.arange(len(rows)), fold)
        penalty = np.sqrt(rows.shape[1]) * np.eye(rows.shape[1])
        weights = np.linalg.lstsq(
            np.concatenate([rows[rest], penalty]),
            np.concatenate([is_current[rest] - is_current.mean(), np.zeros(rows.shape[1])]),
        )[0]
        scores, current = rows[fold] @ weights, is_current[fold] == 1
        wins = mannwhitneyu(scores[current], scores[~current]).statistic
        areas.append(wins / (current.sum() * (~current).sum()))
    return float(np.mean(areas))


def test_it_is_the_area_under_the_curve_of_rows_that_were_not_learned() -> None:
    rng = np.random.default_rng(0)
    x, y = 9 * normal(rng, 70, 3) + 4, 9 * normal(rng, 50, 3) + 9
    found = ClassifierTest(folds=4).compare(x, y, seed=2)
    assert found.statistic == pytest.approx(written_out(ClassifierTest(folds=4), x, y, 2), abs=1e-3)
    assert found.effect == found.statistic - 0.5


def test_more_columns_than_rows_are_no_trouble() -> None:
    rng = np.random.default_rng(0)
    x, y = normal(rng, 40, 300), normal(rng, 40, 300)
    assert ClassifierTest().compare(x, y).p > 0.05
    assert ClassifierTest().compare(x, y + 0.5).p < 0.05


def test_a_column_that_never_changes_is_left_out() -> None:
    rng = np.random.default_rng(0)
    x, y = normal(rng, 60, 2), normal(rng, 60, 2)
    constant = np.full((60, 1), 0.1)
    with_it = ClassifierTest().compare(np.hstack([x, constant]), np.hstack([y, constant]))
    assert with_it == ClassifierTest().compare(x, y)


def test_rows_that_are_equal_have_no_order_of_their_own() -> None:
    """Two values only: were ties to go by the place of a row, reference rows would have the lower half."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 2, 300), rng.integers(0, 2, 300)
    assert ClassifierTest().compare(x, y).p > 0.05


def test_folds_of_blocks_are_whole_blocks() -> None:
    folds = ClassifierTest(folds=3, block=5)._folds(50, seed=0)
    assert sorted(np.concatenate(folds)) == [*range(50)]
    assert all(set(fold // 5 * 5) <= set(fold) and len(fold) % 5 == 0 for fold in folds)


def test_every_fold_needs_rows_to_score() -> None:
    found = ClassifierTest().compare(np.arange(4.0), np.arange(5.0))
    assert found.note == "The samples have 9 rows together, and 10 are needed for 5 folds."
    found = ClassifierTest(block=50).compare(np.arange(100.0), np.arange(100.0))
    assert found.note == "The samples have 4 blocks of 50 rows together, and 10 are needed for 5 folds."
