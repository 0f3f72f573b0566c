"""Energy distance: against SciPy, and thinned."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from scipy.stats import energy_distance

from tests.drift.laws import normal
from vernal.drift import Energy


def test_it_is_scipys_but_for_the_distances_of_rows_to_themselves() -> None:
    """SciPy's includes them, all 0, in the means within a sample, and is the root."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=70), rng.normal(0.5, 2, size=50)
    within = [pdist(sample[:, None]).mean() for sample in (x, y)]  # mean over pairs of different rows
    biased = energy_distance(x, y) ** 2
    unbiased = biased - within[0] / len(x) - within[1] / len(y)
    assert Energy().compare(x, y).statistic == pytest.approx(unbiased, rel=1e-9)


def test_in_many_columns_it_is_the_formula() -> None:
    rng = np.random.default_rng(0)
    x, y = 5 + normal(rng, 30, 4), 5 + 2 * normal(rng, 20, 4)
    formula = 2 * cdist(x, y).mean() - pdist(x).mean() - pdist(y).mean()
    found = Energy(permutations=4000).compare(x, y)
    assert found.statistic == pytest.approx(formula, rel=1e-9)
    assert found.effect == pytest.approx(np.sqrt(formula / pdist(np.concatenate([x, y])).mean()), rel=0.02)


def test_larger_samples_are_thinned() -> None:
    rng = np.random.default_rng(0)
    found = Energy(rows=100).compare(normal(rng, 500, 2), normal(rng, 60, 2))
    assert found.rows == (100, 60)


def test_thinned_samples_keep_whole_blocks_in_their_order() -> None:
    kept = Energy(rows=12, block=5)._thinned(np.arange(102.0)[:, None], np.random.default_rng(0))[:, 0]
    assert len(kept) == 10
    assert np.all(np.diff(kept) > 0)
    assert np.array_equal(kept.reshape(2, 5) - kept[::5, None], np.tile(np.arange(5), (2, 1)))
    assert np.all((kept[::5] - 2) % 5 == 0)  # the two oldest rows fill no block
