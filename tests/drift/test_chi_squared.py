"""Chi-squared: against SciPy, new and rare categories, texts."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from vernal.base import DataError
from vernal.drift import ChiSquared


def test_it_is_scipys() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.choice(4, 300, p=[0.1, 0.2, 0.3, 0.4]), rng.choice(4, 200, p=[0.2, 0.2, 0.3, 0.3])
    table = np.stack([np.bincount(sample, minlength=4) for sample in (x, y)])
    by_scipy = chi2_contingency(table, correction=False)
    found = ChiSquared().compare(x, y)
    assert found.statistic == pytest.approx(by_scipy.statistic)
    assert found.p == pytest.approx(by_scipy.pvalue)
    assert found.effect == pytest.approx(np.abs(table[0] / 300 - table[1] / 200).max())


@pytest.mark.law
def test_false_alarms_are_as_rare_as_stated_with_many_rare_categories() -> None:
    """2,000 columns of 200 rows, 100 categories whose shares fall as 1 / k: .05 ± 3 standard errors of .005."""
    rng = np.random.default_rng(0)
    shares = 1 / np.arange(1, 101)
    x, y = (rng.choice(100, (200, 2000), p=shares / shares.sum()) for _ in range(2))
    found = ChiSquared().compare(x, y)
    alone = np.array([ChiSquared().compare(x[:, k], y[:, k]).p for k in range(500)])
    assert found.p > 0.05
    assert np.mean(alone <= 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 500))


def test_a_new_category_is_a_change() -> None:
    x, y = np.repeat(["a", "b"], 100), np.repeat(["a", "b", "new"], [90, 80, 30])
    for one, other in ((x, y), (y, x)):
        found = ChiSquared().compare(one, other)
        assert found.p < 1e-6
        assert found.effect == pytest.approx(0.15)


def test_rare_categories_count_together() -> None:
    """Each new one is in a single row, and no test could see it; together they are 30 of 100."""
    x = np.repeat(["a"], 100)
    y = np.array(["a"] * 70 + [f"new {number}" for number in range(30)])
    found = ChiSquared().compare(x, y)
    assert found.p < 1e-6
    assert found.effect == pytest.approx(0.3)
    assert ChiSquared().compare(x, np.array(["a"] * 99 + ["new"])).p > 0.05


def test_each_column_has_its_own_categories_and_is_named() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 3, (200, 3)), rng.integers(0, 3, (200, 3))
    x[:, 1] = y[:, 1] = 7
    y[:90, 2] = 2
    found = ChiSquared().compare(x, y)
    assert found.columns.keys() == {"0", "2"}
    assert found.columns["2"]["p"] == found.p < 0.01 < found.columns["0"]["p"]
    assert found.note == "1 column is constant."


def test_missing_values_are_a_category() -> None:
    texts, numbers = np.array(["a", None] * 50, dtype=object), np.array([1.0, np.nan] * 50)
    for sample in (texts, numbers):
        assert ChiSquared().compare(sample, sample).p == 1
        assert ChiSquared().compare(sample, sample[::2]).p < 1e-6
    assert ChiSquared().compare(np.full(9, np.nan), np.full(9, np.nan)).p is None


def test_empty_and_constant_samples_give_no_decision() -> None:
    assert ChiSquared().compare(np.array(["a"]), np.array([], str)).note == "The samples have 1 and 0 rows."
    assert ChiSquared().compare(np.array(["a"]), np.array(["a"])).note == "All rows are the same."


def test_samples_that_are_no_tables_are_an_error() -> None:
    with pytest.raises(DataError, match="has 1 columns, and the current one 2. Compare the same columns"):
        ChiSquared().compare(np.zeros((3, 1)), np.zeros((3, 2)))
    with pytest.raises(DataError, match=r"current sample has shape \(3, 2, 1\)"):
        ChiSquared().compare(np.zeros((3, 2)), np.zeros((3, 2, 1)))
