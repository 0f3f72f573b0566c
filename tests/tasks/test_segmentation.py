import numpy as np
import pytest
import torch
from torch.nn import functional as F

from vernal.base import TrainingError
from vernal.tasks import Segmentation

TASK = Segmentation()


def scores(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("places", [(5,), (3, 4), (2, 3, 2)])
def test_the_loss_is_the_mean_cross_entropy_of_the_pixels_that_count(places):
    outputs, y = scores(2, 4, *places), torch.ones(2, *places, dtype=torch.uint8)
    y[0].view(-1)[:3] = 255
    for row, loss in zip(range(2), TASK.losses(outputs, y), strict=True):
        assert torch.allclose(loss, F.cross_entropy(outputs[row][None], y[row][None].long(), ignore_index=255))


def test_a_row_in_which_nothing_counts_costs_nothing():
    outputs = scores(2, 4, 3, 3).requires_grad_()
    losses = TASK.losses(outputs, torch.full((2, 3, 3), 255))
    losses.sum().backward()
    assert losses.tolist() == [0, 0]
    assert outputs.grad.eq(0).all()
    assert TASK.measure(*TASK.freeze(outputs, torch.full((2, 3, 3), 255))) == {}


def test_predictions_are_the_largest_scores_and_ignored_pixels_are_marked():
    outputs = F.one_hot(torch.tensor([[[0, 1], [2, 0]]]), 3).movedim(-1, 1).float()
    y, predicted = TASK.freeze(outputs, torch.tensor([[[0, 1], [1, 255]]], dtype=torch.uint8))
    assert y.tolist() == [[[0, 1], [1, -1]]]
    assert predicted.tolist() == [[[0, 1], [2, 0]]]
    assert TASK.measure(y, predicted) == {"mean_iou": 0.5, "pixel_accuracy": pytest.approx(2 / 3)}


def test_images_of_different_sizes_are_joined():
    parts = [TASK.freeze(scores(1, 3, *size), torch.ones(1, *size, dtype=torch.int64)) for size in [(2, 5), (4, 3)]]
    y, predicted = TASK.join(parts)
    assert y.shape == predicted.shape == (2, 4, 5)
    assert (y >= 0).sum(axis=(1, 2)).tolist() == [10, 12]
    assert np.array_equal(predicted[1, :, :3], parts[1][1][0])


def test_no_mask_is_simply_right_or_wrong():
    assert TASK.right(scores(1, 3, 2, 2), torch.zeros(1, 2, 2, dtype=torch.int64)) is None


def test_labels_outside_the_head_are_found_before_training():
    with pytest.raises(TrainingError, match="The data has the label 3, but the model has 3 outputs"):
        TASK.check(scores(1, 3, 1, 2), torch.tensor([[[3, 255]]]), None, 1)
    TASK.check(scores(1, 3, 1, 2), torch.tensor([[[2, 255]]]), None, 1)
    TASK.check(scores(1, 3, 1, 2), torch.tensor([[[255, 255]]]), None, 1)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3), (2, 4, 4, 3), (1, 3, 4, 4)])
def test_one_score_a_class_and_pixel_is_demanded(shape):
    with pytest.raises(TrainingError, match="For a segmentation it must give one score a class for every target"):
        TASK.check(torch.zeros(shape), torch.zeros(2, 4, 4, dtype=torch.int64), None, 2)
