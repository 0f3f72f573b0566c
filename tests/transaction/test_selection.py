"""When a policy is asked which rows the next memory holds, and what it is shown."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.memory.doubles import FolderBlobs, numbers
from vernal.base import ConfigError
from vernal.memory import Memory
from vernal.methods import DER, ER, FineTune, GDumb, Joint, Network
from vernal.transaction.selection import Selector

MODEL = Network(nn.Identity())


class Shown:
    """Embeddings of so many rows, and what was asked for."""

    def __init__(self, rows):
        self.rows, self.asked = rows, []

    def gradients(self):
        self.asked.append("gradients")
        return np.random.default_rng(0).standard_normal((self.rows, 3))

    def features(self, model):
        assert model is MODEL
        self.asked.append("features")
        return np.random.default_rng(1).standard_normal((self.rows, 3))


@pytest.fixture
def memory(tmp_path):
    """Nine rows of an earlier chunk, three of each class."""
    empty, chunk = Memory(FolderBlobs(tmp_path / "blobs"), seed=0), numbers(0, 9)
    return empty.admit(empty.plan(chunk, ER(memory_size=9).policy(), 1), chunk, 1, tmp_path / "parts")


def selector(method, memory, rows=6):
    shown = Shown(len(memory) + rows)
    return Selector(method, memory, numbers(100, rows), 2, shown), shown


def test_gradients_are_asked_for_before_training_and_once(memory):
    selector_, shown = selector(ER(memory_size=6, selection="gradient_matching"), memory)
    assert shown.asked == ["gradients"]
    chosen = selector_.after(MODEL)
    assert len(chosen.keep) + len(chosen.add) == 6
    assert shown.asked == ["gradients"]


@pytest.mark.parametrize("selection", ["herding", "k_center"])
def test_features_are_asked_for_after_training_and_once(selection, memory):
    selector_, shown = selector(ER(memory_size=6, selection=selection), memory)
    assert len(selector_.pool().memory) == 6  # the chunk: nothing is chosen yet
    assert shown.asked == []
    chosen = selector_.after(MODEL)
    assert selector_.after(MODEL) is chosen
    assert len(selector_.rows(MODEL)) == 6
    assert shown.asked == ["features"]


@pytest.mark.parametrize("selection", ["herding", "k_center", "gradient_matching"])
def test_nobody_is_asked_while_all_rows_fit_in(selection, memory):
    for size, asked in ((15, 0), (14, 1), (None, 0)):
        selector_, shown = selector(DER(memory_size=size, selection=selection), memory)
        assert len(selector_.rows(MODEL)) == min(15, size or 15)
        assert len(shown.asked) == asked


@pytest.mark.parametrize("selection", ["reservoir", "balanced", "window"])
def test_other_policies_ask_nobody(selection, memory):
    selector_, shown = selector(ER(memory_size=6, selection=selection), memory)
    assert len(selector_.rows(MODEL)) == 6
    assert shown.asked == []


def test_a_method_without_memory_chooses_nothing(memory):
    selector_, _ = selector(FineTune(), memory)
    assert selector_.after(MODEL) is None
    assert selector_.rows(MODEL) is None
    assert len(selector_.pool().memory) == 6


def test_a_method_cannot_train_on_what_its_own_model_selects(memory):
    with pytest.raises(ConfigError, match="GDumb trains on what is selected. Choose `reservoir`"):
        selector(GDumb(memory_size=6, selection="herding"), memory)


def test_what_gdumb_selects_by_gradients_is_what_it_trains_on(memory):
    selector_, shown = selector(GDumb(memory_size=6, selection="gradient_matching"), memory)
    pool = selector_.pool()
    assert shown.asked == ["gradients"]
    assert len(GDumb().rows(pool)) == 6
    classes = pool.memory.leaves(torch.arange(6))["x"][:, 0].long() % 3
    assert torch.bincount(classes).tolist() == [2, 2, 2]


def test_a_pool_tells_old_rows_from_new_ones(memory):
    pool = selector(Joint(), memory)[0].pool()
    assert len(pool.memory) == 15
    assert len(pool.before) == 9
    assert pool.labels_before.tolist() == [i % 3 for i in range(9)]
    assert pool.labels.tolist() == [i % 3 for i in range(100, 106)]
    assert pool.memory.leaves(torch.arange(15))["x"][:, 0].tolist() == [*range(9), *range(100, 106)]


def test_a_pool_without_memory_has_the_labels_of_the_chunk(memory):
    pool = selector(FineTune(), memory)[0].pool()
    assert pool.labels.tolist() == [i % 3 for i in range(100, 106)]
