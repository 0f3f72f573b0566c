import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vernal.methods.components import centred, double_distillation, lowest_where_unknown


def test_ones_against_zeros_are_half_a_unit_apart():
    assert double_distillation(torch.ones(10, 3), torch.zeros(10, 3)).tolist() == [0.5] * 10


def test_targets_are_centred():
    # Less their mean, 2, they are -1, 0, 1: half of (1 + 0 + 1) / 3.
    assert double_distillation(torch.zeros(1, 3), torch.tensor([[1.0, 2.0, 3.0]])).item() == pytest.approx(1 / 3)


@given(st.floats(-50, 50), st.integers(0, 1000))
def test_a_constant_added_to_a_row_changes_nothing(constant, seed):
    generator = torch.Generator().manual_seed(seed)
    logits, targets = (torch.randn(4, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    shifted = double_distillation(logits, targets + constant)
    assert torch.allclose(shifted, double_distillation(logits, targets))


def test_classes_that_the_teacher_does_not_know_are_left_out():
    logits = torch.tensor([[1.0, -1.0, 9.0]], requires_grad=True)
    loss = double_distillation(logits, torch.tensor([[3.0, 1.0, torch.nan]]))
    loss.sum().backward()
    assert loss.item() == 0
    assert logits.grad.tolist() == [[0.0, 0.0, 0.0]]


def test_what_is_unknown_stays_so_when_it_is_centred():
    found = centred(torch.tensor([[4.0, 2.0, -torch.inf]]))
    assert found.tolist() == [[1.0, -1.0, -torch.inf]]


def test_unknown_classes_get_the_lowest_logit_of_the_row():
    logits = torch.tensor([[2.0, -1.0, torch.nan], [0.0, 5.0, -torch.inf], [1.0, 2.0, 3.0]])
    assert lowest_where_unknown(logits).tolist() == [[2.0, -1.0, -1.0], [0.0, 5.0, 0.0], [1.0, 2.0, 3.0]]
