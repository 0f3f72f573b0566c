import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from vernal.gate.mcnemar import mcnemar_p

COUNT = st.integers(0, 200)


@given(COUNT, COUNT)
def test_it_is_the_sign_test_of_the_items_that_differ(wins, losses):
    p = 1.0 if wins + losses == 0 else binomtest(wins, wins + losses, 0.5, alternative="greater").pvalue
    assert float(mcnemar_p(wins, losses)) == pytest.approx(p)


@given(COUNT, COUNT)
def test_one_more_win_is_better_evidence_and_one_more_loss_worse(wins, losses):
    p = mcnemar_p([wins, wins + 1, wins], [losses, losses, losses + 1])
    assert p[1] <= p[0] <= p[2]
