import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.data.split import split, split_indices


@pytest.mark.parametrize(
    ("n", "proportions", "sizes"),
    [
        (100, [0.5, 0.5], [50, 50]),
        (100, [0.3, 0.3, 0.4], [30, 30, 40]),
        (100, [0.333, 0.333, 0.334], [33, 33, 34]),
        (10, [0.8, 0.2], [8, 2]),
        (60000, [0.65, 0.35], [39000, 21000]),
        (50000, [0.65, 0.35], [32500, 17500]),
        (7, [1.0], [7]),
        (7, [1.0, 0.0], [7, 0]),
    ],
)
def test_a_part_has_its_share_and_the_last_the_rest(n, proportions, sizes):
    assert [len(part) for part in split_indices(n, proportions, seed=0)] == sizes


@given(
    n=st.integers(0, 200),
    weights=st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(any),
    seed=st.integers(0, 2**32),
)
def test_parts_hold_every_place_once_and_depend_on_the_seed_alone(n, weights, seed):
    proportions = [weight / sum(weights) for weight in weights]
    parts = split_indices(n, proportions, seed)
    assert len(parts) == len(proportions)
    assert sorted(place for part in parts for place in part) == list(range(n))
    assert split_indices(n, proportions, seed) == parts


def test_another_seed_gives_another_split():
    assert split_indices(100, [0.5, 0.5], seed=0) != split_indices(100, [0.5, 0.5], seed=1)


def test_a_dataset_is_split_into_subsets():
    first, second = split([*"abcdefghij"], [0.3, 0.7], seed=0)
    assert (len(first), len(second)) == (3, 7)
    assert sorted([*first, *second]) == [*"abcdefghij"]


@pytest.mark.parametrize("proportions", [[0.5, 0.4], [0.7, 0.7], [1.5, -0.5], []])
def test_proportions_that_do_not_share_out_the_whole_are_an_error(proportions):
    with pytest.raises(ConfigError, match="`proportions` must be at least 0 and sum to 1, got"):
        split_indices(10, proportions, seed=0)
