import itertools

import pytest
import torch
from torch.utils.data import TensorDataset

from vernal.data.scenarios import FeatureSorting


def random_rows(n, shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return TensorDataset(torch.rand(n, *shape, generator=generator), torch.zeros(n))


def feature(part, index):
    return [part[i][0][index].mean().item() for i in range(len(part))]


@pytest.mark.parametrize("shape", [(5,), (3, 4, 4), (3, 7)], ids=["flat", "image", "series"])
def test_the_feature_grows_from_chunk_to_chunk_in_training_validation_and_test_data(shape):
    chunks = FeatureSorting(n_chunks=3, feature=1).chunks(
        train=random_rows(20, shape, 0), test=random_rows(9, shape, 1), validation=random_rows(6, shape, 2)
    )
    sides = ([c.train for c in chunks], [c.validation for c in chunks], chunks[0].tests)
    for parts in sides:
        for lower, higher in itertools.pairwise(parts):
            assert max(feature(lower, 1)) <= min(feature(higher, 1))


def test_ten_rows_make_chunks_of_four_three_and_three():
    parts = FeatureSorting(n_chunks=3).parts(random_rows(10, (2,), 0))
    assert [len(part) for part in parts] == [4, 3, 3]


def test_rows_of_equal_value_keep_their_order():
    parts = FeatureSorting(n_chunks=2).parts(TensorDataset(torch.zeros(6, 1), torch.zeros(6)))
    assert [part.indices for part in parts] == [[0, 1, 2], [3, 4, 5]]


def test_randomness_moves_rows_between_chunks():
    rows = TensorDataset(torch.arange(100).reshape(100, 1), torch.zeros(100))
    strict, loose = (FeatureSorting(2, randomness=r).parts(rows)[0].indices for r in (0, 0.5))
    assert strict == list(range(50))
    assert 0 < sum(i >= 50 for i in loose) < 50


def test_whole_numbers_are_sorted_by_their_mean():
    pixels = torch.tensor([[200, 200], [90, 101], [90, 100]], dtype=torch.uint8).reshape(3, 1, 2)
    parts = FeatureSorting(n_chunks=3).parts(TensorDataset(pixels, torch.zeros(3)))
    assert [part.indices for part in parts] == [[2], [1], [0]]
