import torch
from torch.utils.data import DataLoader, TensorDataset

from vernal.data.transformed import Transformed

TEN = TensorDataset(torch.arange(10), torch.arange(10))


class Batched(list):
    """Reads whole batches, and remembers that it did."""

    asked = None

    def __getitems__(self, indices):
        self.asked = indices
        return [self[i] for i in indices]


def test_inputs_and_targets_are_transformed_row_by_row():
    rows = Transformed(TEN, transform=lambda x: x + 1, target_transform=lambda y: 2 * y)
    assert len(rows) == 10
    assert [(x.item(), y.item()) for x, y in (rows[i] for i in range(10))] == [(i + 1, 2 * i) for i in range(10)]


def test_what_has_no_transform_is_left_alone():
    assert Transformed([(1, 2)])[0] == (1, 2)
    assert Transformed([(1, 2)], target_transform=str)[0] == (1, "2")
    assert TEN[3] == (3, 3)


def test_a_batch_is_fetched_as_one_if_the_dataset_can():
    below = Batched([(i, i) for i in range(5)])
    assert Transformed(below, transform=str).__getitems__([3, 1]) == [("3", 3), ("1", 1)]
    assert below.asked == [3, 1]


def test_a_batch_is_the_rows_one_by_one_if_it_cannot():
    assert Transformed([(0, 0), (1, 1)], transform=str).__getitems__([1, 0]) == [("1", 1), ("0", 0)]


def test_a_loader_batches_transformed_rows():
    loader = DataLoader(Transformed(TEN, target_transform=lambda y: -y), batch_size=4)
    assert [y.tolist() for _, y in loader] == [[0, -1, -2, -3], [-4, -5, -6, -7], [-8, -9]]
