import pytest
import torch
from torch.utils.data import TensorDataset

from vernal.base import ConfigError
from vernal.renate import RenateDataModule


class Numbers(RenateDataModule):
    def prepare_data(self):
        pass

    def setup(self):
        rows = TensorDataset(torch.arange(10.0), torch.arange(10))
        self._train_data, self._val_data = self._split_train_val_data(rows)


def labels(dataset):
    return [int(y) for _, y in dataset]


def test_the_split_is_disjoint_and_complete():
    module = Numbers("data", val_size=0.3)
    module.setup()
    assert len(module.train_data()) == 7
    assert sorted(labels(module.train_data()) + labels(module.val_data())) == [*range(10)]


def test_the_split_follows_the_seed():
    def validation(seed):
        module = Numbers("data", val_size=0.3, seed=seed)
        module.setup()
        return labels(module.val_data())

    assert validation(1) == validation(1) != validation(2)


def test_without_a_share_there_is_no_validation_data():
    module = Numbers("data")
    module.setup()
    assert module.val_data() is None
    assert module.test_data() is None
    assert module.train_collate_fn() is module.val_collate_fn() is module.test_collate_fn() is None


def test_a_share_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="`val_size` must be between 0 and 1, got 1.5"):
        Numbers("data", val_size=1.5)


def test_a_module_that_says_nothing_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        RenateDataModule("data")
