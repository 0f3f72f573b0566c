import numpy as np
import pytest
import torch
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

from vernal.data.labels import labels
from vernal.data.transformed import Transformed


class Photos(Dataset):
    """Labels beside the rows, as torchvision keeps them; opening a photo is an error."""

    def __init__(self, targets):
        self.targets = targets

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, index):
        raise AssertionError("An input was read.")


class Relabelled(Photos):
    """As torchvision does it: `targets` is raw, and rows come with transformed targets."""

    target_transform = staticmethod(lambda y: y % 2)

    def __getitem__(self, index):
        return torch.zeros(2), self.target_transform(self.targets[index])


def never(x):
    raise AssertionError("An input was transformed.")


@pytest.mark.parametrize("targets", [[3, 1, 2], np.array([3, 1, 2]), torch.tensor([3, 1, 2])])
def test_targets_beside_the_rows_are_used_without_reading_inputs(targets):
    np.testing.assert_array_equal(labels(Photos(targets)), [3, 1, 2])


def test_parts_joins_and_transforms_of_such_datasets_read_no_input_either():
    both = ConcatDataset([Photos([3, 1, 2]), Transformed(Photos([7, 8]), transform=never)])
    np.testing.assert_array_equal(labels(both), [3, 1, 2, 7, 8])
    np.testing.assert_array_equal(labels(Subset(Subset(both, [4, 0, 2]), [1, 0])), [3, 8])
    assert labels(Subset(both, [])).shape == (0,)


def test_the_second_tensor_is_the_labels():
    np.testing.assert_array_equal(labels(TensorDataset(torch.zeros(2, 3), torch.tensor([5, 6]))), [5, 6])


def test_targets_that_rows_transform_are_read_row_by_row():
    np.testing.assert_array_equal(labels(Relabelled([3, 4, 5])), [1, 0, 1])


def test_a_target_transform_of_ours_is_applied_and_the_input_transform_is_not():
    rows = TensorDataset(torch.zeros(4, 2), torch.tensor([0, 5, 9, 10]))
    halves = Transformed(rows, transform=never, target_transform=lambda y: y // 5)
    np.testing.assert_array_equal(labels(halves), [0, 1, 1, 2])
    np.testing.assert_array_equal(labels(Subset(halves, [3, 1])), [2, 1])


@pytest.mark.parametrize("kind", [int, torch.tensor, np.int64])
def test_any_other_dataset_is_read_row_by_row(kind):
    read = labels([("x", kind(3)), ("x", kind(1))])
    np.testing.assert_array_equal(read, [3, 1])
    assert read.dtype == np.int64
