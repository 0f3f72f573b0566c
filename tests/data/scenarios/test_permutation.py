import itertools

import torch
from torch.utils.data import DataLoader

from tests.data.scenarios.toys import images, targets
from vernal.data.scenarios import Permutation
from vernal.data.scenarios.permutation import permute

ROWS = images(12, n_channels=2)


def test_pixels_change_places_and_nothing_else():
    for chunk in Permutation(n_chunks=3).chunks(train=ROWS, test=ROWS):
        for x, y in (chunk.train[i] for i in range(4)):
            original = ROWS[int(y)][0]
            assert x.shape == original.shape
            assert torch.equal(x.flatten().sort().values, original.flatten().sort().values)


def test_the_first_chunk_is_left_as_it_is():
    test = Permutation(n_chunks=3).tests(ROWS)[0]
    assert all(torch.equal(test[i][0], ROWS[i][0]) for i in range(len(ROWS)))


def test_every_chunk_has_a_transform_and_an_effect_of_its_own():
    for first, second in itertools.combinations(Permutation(n_chunks=4).tests(ROWS), 2):
        assert first.transform is not second.transform
        assert not torch.equal(first[0][0], second[0][0])


def test_training_validation_and_test_data_of_a_chunk_agree():
    for chunk in Permutation(n_chunks=3).chunks(train=ROWS, test=ROWS, validation=ROWS):
        for part in (chunk.train, chunk.validation):
            matches = [
                [torch.equal(x, test[int(y)][0]) for x, y in (part[i] for i in range(len(part)))]
                for test in chunk.tests
            ]
            assert sorted(map(all, matches)) == [False, False, True]


def test_rows_are_shared_out():
    parts = Permutation(n_chunks=3).parts(ROWS)
    assert sorted(sum(map(targets, parts), [])) == list(range(12))


def test_more_chunks_leave_the_earlier_orders_as_they_were():
    two, three = (Permutation(n, seed=5).tests(ROWS)[1][0][0] for n in (2, 3))
    assert torch.equal(two, three)


def test_the_seed_decides_the_order():
    first, other = (Permutation(2, seed=seed).tests(ROWS)[1][0][0] for seed in (0, 1))
    assert not torch.equal(first, other)


def test_the_order_says_where_each_number_comes_from():
    x = torch.tensor([[10, 20], [30, 40]])
    assert permute(x, torch.tensor([3, 0, 1, 2])).tolist() == [[40, 10], [20, 30]]


def test_parts_travel_to_the_workers_of_a_loader():
    part = Permutation(n_chunks=2).parts(ROWS)[1]
    loader = DataLoader(part, batch_size=6, num_workers=1, multiprocessing_context="spawn")
    ((x, _),) = loader
    assert torch.equal(x, torch.stack([part[i][0] for i in range(6)]))
