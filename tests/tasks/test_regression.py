import pytest
import torch

from vernal.base import TrainingError
from vernal.tasks import Regression

TASK = Regression()


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_the_loss_is_the_squared_error_without_broadcasting(shape):
    outputs, y = torch.arange(4.0), torch.tensor([1.0, 1.0, 1.0, 1.0])
    assert TASK.losses(outputs.view(shape), y).tolist() == [1, 0, 1, 4]
    assert TASK.losses(outputs, y.view(shape)).tolist() == [1, 0, 1, 4]


def test_several_values_a_row_are_averaged():
    assert TASK.losses(torch.zeros(2, 3), torch.tensor([[1.0, 2.0, 2.0], [0.0, 0.0, 3.0]])).tolist() == [3, 3]


def test_as_many_numbers_as_targets_are_demanded():
    with pytest.raises(TrainingError, match=r"\(2, 2\) for targets \(2,\). For a regression it must give as many"):
        TASK.check(torch.zeros(2, 2), torch.zeros(2), None, 2)
    with pytest.raises(TrainingError, match="The loss that the task 'regression' implies needs a tensor"):
        TASK.check(None, torch.zeros(2), None, 2)
    TASK.check(torch.zeros(2, 1), torch.zeros(2), None, 2)


def test_predictions_take_the_shape_of_the_targets():
    y, predicted = TASK.freeze(torch.tensor([[1.0], [2.0]], dtype=torch.bfloat16), torch.tensor([1.0, 4.0]))
    assert predicted.tolist() == [1, 2]
    assert TASK.measure(y, predicted) == {"mae": 1.0, "rmse": 2**0.5, "r2": 1 - 4 / 4.5}
    assert TASK.freeze(torch.zeros(2, 2), torch.zeros(2)) is None


def test_nothing_is_simply_right_or_wrong():
    assert TASK.right(torch.zeros(2), torch.zeros(2)) is None
    assert TASK.correct(*TASK.freeze(torch.zeros(2), torch.zeros(2))) is None


def test_the_distance_is_the_squared_error_whatever_the_shape_and_the_temperature():
    outputs, teacher = torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 1.0])
    assert TASK.distance(outputs, teacher).tolist() == [1, 4]
    assert TASK.distance(outputs, teacher, temperature=3.0).tolist() == [1, 4]
