import numpy as np
import pytest
from torch.utils.data import ConcatDataset, Dataset, Subset

from vernal.base import DataError
from vernal.data.per_row import per_row
from vernal.data.transformed import Transformed


class Readings(Dataset):
    def __init__(self, times):
        self.times = times

    def __len__(self):
        return len(self.times)


def times(dataset):
    return per_row(dataset, read=lambda readings: readings.times)


def test_a_column_is_found_below_parts_joins_and_transforms():
    both = ConcatDataset([Readings([10, 20]), Subset(Readings([30, 40, 50]), [2, 0])])
    np.testing.assert_array_equal(times(both), [10, 20, 50, 30])
    np.testing.assert_array_equal(times(Subset(Transformed(both, transform=str), [3, 0])), [30, 10])


def test_a_column_has_one_value_per_row():
    with pytest.raises(DataError, match=r"`read` gave the shape \(2,\) for 3 rows"):
        per_row(Readings([1, 2, 3]), read=lambda readings: [1, 2])
