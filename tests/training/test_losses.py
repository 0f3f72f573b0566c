import pytest
import torch
from torch.nn import functional as F

from vernal.base import ConfigError
from vernal.tasks import Classification, Other, Regression
from vernal.training import mean_loss, row_losses


def test_the_task_implies_a_loss():
    outputs, y = torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.5, 2.0]]), torch.tensor([0, 2])
    assert torch.equal(row_losses(Classification(), None)(outputs, y), F.cross_entropy(outputs, y, reduction="none"))
    assert row_losses(Regression(), None)(torch.arange(4.0), torch.ones(4)).tolist() == [1, 0, 1, 4]


def test_the_users_loss_comes_first_and_others_need_one():
    assert row_losses(Other(), F.l1_loss) is F.l1_loss
    with pytest.raises(ConfigError, match="no loss is implied. Define `loss_fn`"):
        row_losses(Other(), None)(torch.zeros(2), torch.zeros(2))


def test_what_is_no_function_is_no_loss():
    with pytest.raises(ConfigError, match="`loss_fn` gives a str. It must give a function of"):
        row_losses(Regression(), "mse")


def test_a_loss_of_rows_becomes_one_number():
    assert mean_loss(lambda outputs, targets: outputs)(torch.tensor([1.0, 3.0]), None).item() == 2
    assert mean_loss(lambda outputs, targets: outputs.sum())(torch.tensor([1.0, 3.0]), None).item() == 4
