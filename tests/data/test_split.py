import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError, EmptyChunk
from vernal.data import Chunk, id_digests
from vernal.data.split import split, split_by_id, split_indices

SHARES = (
    st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(any).map(lambda all_: [one / sum(all_) for one in all_])
)


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


def digests(ids):
    return id_digests(ids).numpy()


@given(ids=st.lists(st.integers(0, 30), min_size=1, max_size=60), shares=SHARES, seed=st.integers(0, 2**32))
def test_equal_ids_fall_into_the_same_part_and_none_is_empty_for_no_reason(ids, shares, seed):
    parts = split_by_id(digests(ids), shares, seed)
    assert sorted(place for part in parts for place in part) == list(range(len(ids)))
    known = [{ids[place] for place in part} for part in parts]
    assert sum(map(len, known)) == len({*ids})
    assert all(not part for part, share in zip(parts, shares, strict=True) if not share)
    empty = [not part for part, share in zip(parts, shares, strict=True) if share]
    assert not any(empty) or max(map(len, known)) < 2


@given(
    ids=st.lists(st.integers(0, 10**6), min_size=60, max_size=100, unique=True),
    others=st.lists(st.integers(0, 10**6), max_size=100),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_a_row_is_in_the_same_part_whatever_comes_with_it(ids, others, seed, data):
    """With so many rows no part is ever short of one: 1 in 10^18."""
    first = {ids[place] for place in split_by_id(digests(ids), [0.5, 0.5], seed)[0]}
    mixed = data.draw(st.permutations([*ids, *others]))
    again = {mixed[place] for place in split_by_id(digests(mixed), [0.5, 0.5], seed)[0]}
    assert again & {*ids} == first


@given(ids=st.lists(st.integers(0, 50), min_size=1, max_size=12, unique=True), shares=SHARES, data=st.data())
def test_the_order_of_rows_is_no_matter_however_few_there_are(ids, shares, data):
    turned = data.draw(st.permutations(ids))
    one, other = split_by_id(digests(ids), shares, 0), split_by_id(digests(turned), shares, 0)
    assert [{ids[i] for i in part} for part in one] == [{turned[i] for i in part} for part in other]


def test_shares_are_right_on_average():
    """Binomial: of 20,000 rows 4,000 with a standard deviation of 57; five of them is 3 in 10^7."""
    ids = digests(range(20_000))
    for seed in range(5):
        assert abs(len(split_by_id(ids, [0.8, 0.2], seed)[1]) - 4000) < 5 * 57


def test_seeds_split_independently():
    """Of a fifth of 20,000 rows a fifth is in the fifth of another seed: 800, with a standard deviation of 28."""
    ids = digests(range(20_000))
    one, other = ({*split_by_id(ids, [0.8, 0.2], seed)[1]} for seed in (0, 1))
    assert abs(len(one & other) - 800) < 5 * 28


def test_only_the_id_that_is_closest_comes_into_a_part_that_would_be_empty():
    ids = digests(range(7))
    alone = [split_by_id(ids[[i]], [0.5, 0.5], 0)[0] == [0] for i in range(7)]
    few = ids[np.flatnonzero(alone)]
    assert len(few) > 1
    assert [len(part) for part in split_by_id(few, [0.5, 0.5], 0)] == [len(few) - 1, 1]


def test_chunks_are_split_by_their_ids_and_keep_them_and_their_times():
    chunk = Chunk.from_arrays(torch.arange(100.0)[:, None], torch.arange(100), ids=range(100), times=range(100))
    train, validation = chunk.split([0.8, 0.2], seed=3)
    assert train.has_ids
    for part in (train, validation):
        labels = part.labels
        assert torch.equal(part.ids, id_digests(labels))
        assert part.times.tolist() == labels.tolist() == sorted(labels)
    texts = Chunk.from_arrays(torch.zeros(50, 1), torch.arange(50), ids=[str(i) for i in range(50)])
    assert {*texts.split([0.8, 0.2], seed=3)[1].labels} == {label for label in validation.labels if label < 50}


def test_chunks_without_ids_are_split_by_places():
    chunk = Chunk.from_arrays(torch.zeros(10, 1), torch.arange(10))
    assert [len(part) for part in chunk.split([0.8, 0.2])] == [8, 2]
    assert [sorted(part) for part in split_indices(10, [0.8, 0.2], 0)] == [
        part.labels.tolist() for part in chunk.split([0.8, 0.2])
    ]


def test_a_single_row_cannot_be_shared():
    with pytest.raises(EmptyChunk, match="'one' has no rows"):
        Chunk.from_arrays(torch.zeros(1, 1), torch.zeros(1), ids=["a"], name="one").split([0.5, 0.5])
