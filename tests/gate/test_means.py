import numpy as np
import pytest
from scipy.stats import ttest_1samp

from vernal.gate.means import PairedMeans


def test_it_is_students_test():
    differences = np.random.default_rng(0).normal(0.1, 1.0, size=50)
    paired = PairedMeans.of(differences)
    for bound in (-0.2, 0.0, 0.4):
        above = ttest_1samp(differences, bound, alternative="greater")
        assert paired.p_above(bound) == pytest.approx(above.pvalue)
        assert paired.p_below(bound) == pytest.approx(1 - above.pvalue)
    assert paired.interval(0.9) == pytest.approx(ttest_1samp(differences, 0).confidence_interval(0.9))
    assert paired.variance(0.0) == pytest.approx(differences.var(ddof=1))


def test_scores_that_all_differ_by_the_same_leave_no_doubt():
    same = PairedMeans.of(np.full(40, 0.5))
    assert (same.p_above(0.0), same.p_below(0.0)) == (0.0, 1.0)
    assert (same.p_above(0.5), same.p_below(0.5)) == (0.5, 0.5)
    assert same.interval(0.95) == (0.5, 0.5)


@pytest.mark.law
def test_the_interval_covers_the_true_difference():
    differences = np.random.default_rng(0).exponential(1.0, size=(2000, 200)) - 0.9
    limits = np.array([PairedMeans.of(row).interval(0.95) for row in differences])
    covered = ((limits[:, 0] <= 0.1) & (limits[:, 1] >= 0.1)).mean()
    assert 0.93 <= covered <= 0.97
