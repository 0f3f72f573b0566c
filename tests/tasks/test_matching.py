import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from vernal.base import TrainingError
from vernal.tasks import mean_squared_error, squared_error


def pair(rows, classes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, classes, generator=generator), torch.randn(rows, classes, generator=generator)


@given(rows=st.integers(1, 70), classes=st.integers(1, 130), seed=st.integers(0, 99))
def test_where_all_is_known_it_is_the_mean_squared_error_to_the_last_bit(rows, classes, seed):
    scores, old = pair(rows, classes, seed)
    assert torch.equal(mean_squared_error(scores, old), F.mse_loss(scores, old))
    assert torch.equal(squared_error(scores, old), F.mse_loss(scores, old, reduction="none").mean(1))


def test_gradients_are_those_of_the_mean_squared_error():
    scores, old = pair(5, 4)
    ours, theirs = scores.clone().requires_grad_(), scores.clone().requires_grad_()
    mean_squared_error(ours, old).backward()
    F.mse_loss(theirs, old).backward()
    assert torch.allclose(ours.grad, theirs.grad)


@given(
    known=st.integers(1, 5),
    unknown=st.lists(st.sampled_from([torch.nan, -torch.inf, torch.inf]), max_size=3),
    more=st.integers(0, 3),
)
def test_classes_that_were_not_there_change_nothing(known, unknown, more):
    scores, old = pair(4, known + len(unknown) + more)
    expected = squared_error(scores[:, :known], old[:, :known])
    stored = torch.cat([old[:, :known], torch.tensor(unknown).expand(4, -1)], 1)
    assert torch.allclose(squared_error(scores, stored), expected)
    assert torch.allclose(mean_squared_error(scores, stored), expected.mean())


def test_rows_may_know_different_classes():
    scores = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], requires_grad=True)
    old = torch.tensor([[0.0, torch.nan, torch.nan], [0.0, 0.0, torch.nan], [torch.nan] * 3])
    assert squared_error(scores, old).tolist() == [1, 2.5, 0]
    assert mean_squared_error(scores, old).item() == 2
    squared_error(scores, old).sum().backward()
    assert scores.grad.tolist() == [[2, 0, 0], [1, 2, 0], [0, 0, 0]]


def test_a_masked_score_is_left_out_and_a_broken_one_is_not():
    old = torch.zeros(2, 2)
    assert squared_error(torch.tensor([[1.0, -torch.inf], [3.0, 1.0]]), old).tolist() == [1, 5]
    assert squared_error(torch.tensor([[1.0, torch.nan], [3.0, 1.0]]), old).isnan().tolist() == [True, False]
    assert squared_error(torch.tensor([[1.0, torch.inf], [3.0, 1.0]]), old).isinf().tolist() == [True, False]


def test_a_stored_score_that_overflows_the_precision_of_the_model_is_not_known():
    scores = torch.tensor([[1.0, 2.0]], dtype=torch.float16)
    assert squared_error(scores, torch.tensor([[0.0, 1e6]])).tolist() == [1]


def test_one_value_a_row_needs_no_dimension_of_classes():
    assert squared_error(torch.tensor([1.0, 2.0]), torch.tensor([3.0, torch.nan])).tolist() == [4, 0]


@pytest.mark.parametrize("shape", [(2, 4), (3, 3), (2, 3, 1), (2,)])
def test_other_shapes_are_an_error(shape):
    with pytest.raises(TrainingError, match=r"The model gives \(2, 3\), and an older one gave"):
        squared_error(torch.zeros(2, 3), torch.zeros(shape))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_many_classes_fit_into_half_precision(dtype):
    scores = torch.full((128, 1000), 3.0, dtype=dtype)
    mean = mean_squared_error(scores, torch.zeros(128, 1000))
    assert (mean.dtype, mean.item()) == (dtype, 9)
