import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.gate.holm import holm_levels

P = st.lists(st.floats(0, 1), max_size=8)


def by_the_paper(p, alpha):
    """Rejected hypotheses: step down through the sorted p-values, until one misses."""
    rejected = [False] * len(p)
    for step, place in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[place] > alpha / (len(p) - step):
            break
        rejected[place] = True
    return rejected


@given(P, st.floats(0.01, 0.2))
def test_those_at_their_level_are_those_that_the_procedure_rejects(p, alpha):
    assert (np.asarray(p) <= holm_levels(p, alpha)).tolist() == by_the_paper(p, alpha)


@given(P)
def test_no_level_is_above_alpha_or_below_its_share(p):
    levels = holm_levels(p, 0.05)
    assert ((levels <= 0.05) & (levels >= 0.05 / max(len(p), 1))).all()


@pytest.mark.law
def test_the_chance_of_any_false_finding_is_alpha():
    p = np.random.default_rng(0).random((4000, 10))
    false = np.mean([(row <= holm_levels(row, 0.05)).any() for row in p])
    assert false == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 4000))
