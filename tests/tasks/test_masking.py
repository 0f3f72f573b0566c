import pytest
import torch
from torch.nn import functional as F

from vernal.base import TrainingError
from vernal.tasks import Classification, MultiLabel, complement, masked, present_classes


def test_logits_of_absent_classes_become_minus_infinity_and_the_given_ones_stay():
    logits = torch.arange(10.0).view(2, 5)
    present = present_classes(torch.tensor([0, 1, 2, 2]), 5)
    hidden = masked(logits, present)
    assert hidden.tolist() == [[0, 1, 2, -torch.inf, -torch.inf], [5, 6, 7, -torch.inf, -torch.inf]]
    assert logits.tolist() == torch.arange(10.0).view(2, 5).tolist()


def test_nothing_is_masked_where_all_are_present():
    logits = torch.arange(10.0).view(2, 5)
    assert masked(logits, torch.ones(5, dtype=torch.bool)).equal(logits)


def test_a_softmax_over_the_present_classes_is_left():
    logits = torch.tensor([[1.0, 2.0, 5.0]], requires_grad=True)
    loss = Classification().losses(masked(logits, torch.tensor([True, True, False])), torch.tensor([1]))
    assert torch.allclose(loss, F.cross_entropy(logits[:, :2], torch.tensor([1])))
    loss.backward()
    assert logits.grad[0, 2] == 0


def test_masked_labels_are_left_out_of_a_multi_label_loss():
    logits = torch.tensor([[1.0, 2.0, 5.0]], requires_grad=True)
    loss = MultiLabel().losses(masked(logits, torch.tensor([True, True, False])), torch.tensor([[1, 0, 0]]))
    assert torch.allclose(loss, F.binary_cross_entropy_with_logits(logits[:, :2], torch.tensor([[1.0, 0.0]])))
    loss.sum().backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize(("dim", "shape"), [(1, (2, 3, 4, 4)), (-1, (2, 4, 3)), (1, (2, 3))])
def test_the_dimension_of_the_classes_is_masked(dim, shape):
    hidden = masked(torch.zeros(shape), torch.tensor([True, False, True]), dim)
    assert hidden.movedim(dim, 0).isinf().flatten(1).all(1).tolist() == [False, True, False]


def test_one_entry_a_class_is_demanded():
    with pytest.raises(TrainingError, match=r"shape \(3,\), and the model has 5 outputs. Give one entry for each"):
        masked(torch.zeros(2, 5), torch.ones(3, dtype=torch.bool))


def test_targets_that_do_not_count_are_no_classes():
    assert present_classes(torch.tensor([[1, 255], [-100, 1]], dtype=torch.int16), 3).tolist() == [False, True, False]
    assert not present_classes(torch.tensor([255], dtype=torch.uint8), 3).any()


def test_the_complement_is_what_is_left():
    assert complement(5, {2, 4}) == [0, 1, 3]
    assert complement(2, []) == [0, 1]
