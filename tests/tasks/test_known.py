import pytest
import torch

from vernal.tasks.known import in_common, mean_over


def test_a_mean_looks_at_nothing_that_is_not_known():
    values = torch.tensor([[1.0, torch.nan], [torch.inf, 4.0]], requires_grad=True)
    mean = mean_over(torch.tensor([[True, False], [False, True]]), values)
    assert mean.tolist() == [1, 4]
    mean.sum().backward()
    assert values.grad.tolist() == [[1, 0], [0, 1]]


def test_a_mean_is_over_all_dimensions_but_the_first():
    assert mean_over(torch.ones(2, 3, 4, dtype=torch.bool), torch.ones(2, 3, 4)).tolist() == [1, 1]


def test_the_older_model_takes_the_type_of_the_younger():
    scores, old, known = in_common(torch.zeros(1, 2, dtype=torch.float16), torch.zeros(1, 1, dtype=torch.float64))
    assert scores.dtype == old.dtype == torch.float16
    assert scores.shape == old.shape == known.shape == (1, 1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_mean_over_many_places_fits_into_half_precision(dtype):
    values = torch.full((1, 400, 400), 0.75, dtype=dtype)
    mean = mean_over(torch.ones(1, 400, 400, dtype=torch.bool), values)
    assert (mean.dtype, mean.tolist()) == (dtype, [0.75])
