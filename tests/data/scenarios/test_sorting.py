import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.data.scenarios import FeatureSorting
from vernal.data.scenarios.sorting import swap_pairs


@given(n=st.integers(0, 60), randomness=st.floats(0, 1), seed=st.integers(0, 99))
def test_just_so_many_pairs_are_swapped(n, randomness, seed):
    order = np.arange(n)
    swapped = swap_pairs(order, randomness, seed)
    assert (swapped != order).sum() == 2 * int(randomness * n / 2)
    np.testing.assert_array_equal(swapped[swapped], order)  # swapping is its own reverse


def test_the_seed_decides_which_rows_change_places():
    assert swap_pairs(np.arange(50), 0.5, seed=0).tolist() != swap_pairs(np.arange(50), 0.5, seed=1).tolist()


@pytest.mark.parametrize("randomness", [-0.1, 1.1, float("nan")])
def test_randomness_is_a_share(randomness):
    with pytest.raises(ConfigError, match="`randomness` must be from 0 to 1, got"):
        FeatureSorting(n_chunks=2, randomness=randomness)
