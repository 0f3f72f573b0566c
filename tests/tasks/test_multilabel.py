import numpy as np
import pytest
import torch
from torch.nn import functional as F

from vernal.base import TrainingError
from vernal.tasks import MultiLabel

TASK = MultiLabel()
OUTPUTS = torch.tensor([[2.0, -1.0, 0.5], [-0.5, 1.0, 3.0]])


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32, torch.float64])
def test_the_loss_is_the_mean_binary_cross_entropy_whatever_the_type(dtype):
    y = torch.tensor([[1, 0, 1], [0, 0, 1]])
    expected = F.binary_cross_entropy_with_logits(OUTPUTS, y.float(), reduction="none").mean(1)
    assert torch.allclose(TASK.losses(OUTPUTS, y.to(dtype)), expected)


@pytest.mark.parametrize("gap", [-1.0, torch.nan])
def test_unknown_labels_are_left_out_everywhere(gap):
    y = torch.tensor([[1.0, gap, 0.0], [gap, gap, gap]])
    first = F.binary_cross_entropy_with_logits(OUTPUTS[0, [0, 2]], torch.tensor([1.0, 0.0]))
    assert torch.allclose(TASK.losses(OUTPUTS, y), torch.stack([first, torch.zeros(())]))
    frozen, predicted = TASK.freeze(OUTPUTS, y)
    assert np.isnan(frozen).tolist() == [[False, True, False], [True, True, True]]
    assert TASK.measure(frozen, predicted)["hamming_loss"] == 0.5
    assert TASK.correct(frozen, predicted).tolist() == [False, True]


def test_a_row_is_right_if_all_its_labels_are():
    y = torch.tensor([[1, 0, 1], [1, 1, 1]])
    assert TASK.right(OUTPUTS, y).tolist() == [True, False]
    assert TASK.right(OUTPUTS, y.bool()).tolist() == [True, False]


def test_nothing_is_measured_where_nothing_is_known():
    assert TASK.measure(*TASK.freeze(OUTPUTS, torch.full((2, 3), -1))) == {}


def test_labels_that_are_never_true_define_no_headline():
    measured = TASK.measure(*TASK.freeze(OUTPUTS, torch.zeros(2, 3)))
    assert "average_precision" not in measured
    assert measured["micro_f1"] == 0


@pytest.mark.parametrize("outputs", [torch.zeros(2, 4), torch.zeros(2), torch.zeros(3, 3)])
def test_one_logit_a_label_is_demanded(outputs):
    with pytest.raises(TrainingError, match="it must give one logit for each"):
        TASK.check(outputs, torch.zeros(2, 3), None, 2)


def test_other_targets_than_yes_and_no_are_an_error():
    with pytest.raises(TrainingError, match="The targets hold 2. .* they must be 1 or 0"):
        TASK.check(OUTPUTS, torch.tensor([[0, 1, 2], [0, 0, 0]]), None, 2)
