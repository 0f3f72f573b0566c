"""Adjusted p-values are those of the step-down procedure."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import DataError
from vernal.drift import holm

P_VALUES = st.lists(st.floats(0, 1), max_size=6)


def rejected_step_down(p: list[float], alpha: float) -> set[int]:
    """As the paper tells it: the smallest is compared with alpha / k, the next with alpha / (k - 1), ..."""
    rejected = set()
    for step, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if p[place] * (len(p) - step) > alpha:
            break
        rejected.add(place)
    return rejected


@given(P_VALUES, st.floats(0, 0.99))
def test_what_is_up_to_alpha_is_what_the_procedure_rejects(p: list[float], alpha: float) -> None:
    assert set(np.flatnonzero(holm(p) <= alpha)) == rejected_step_down(p, alpha)


@given(P_VALUES)
def test_it_lies_between_no_correction_and_bonferroni(p: list[float]) -> None:
    adjusted = holm(p)
    assert np.all(adjusted >= p)
    assert np.all(adjusted <= np.minimum(1, len(p) * np.array(p)))


def test_the_order_of_the_tests_does_not_matter() -> None:
    p = [0.01, 0.04, 0.03, 0.5]
    of = dict(zip(p, holm(p), strict=True))
    for order in itertools.permutations(p):
        assert holm(order).tolist() == [of[one] for one in order]


@pytest.mark.parametrize("p", [[0.1, 1.2], [-0.1], [float("nan")], [[0.1]]])
def test_other_numbers_are_no_p_values(p: list[float]) -> None:
    with pytest.raises(DataError, match="p-values must be a list of numbers between 0 and 1, got"):
        holm(p)
