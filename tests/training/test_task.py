import pytest
import torch
from torch.nn import functional as F

from vernal.base import ConfigError, TrainingError
from vernal.data import Schema
from vernal.training import check_outputs, mean_loss, row_losses, task_of


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (3, "classification"),
        (torch.tensor(3), "classification"),
        (torch.tensor([3]), "classification"),
        (torch.tensor(3, dtype=torch.uint8), "classification"),
        (0.5, "regression"),
        (torch.tensor(0.5), "regression"),
        (torch.tensor([0.5, 1.5]), "regression"),
        (True, None),
        (torch.tensor([1, 2]), None),
        ("cat", None),
        ((1, 2), None),
        ({"a": 0.5}, None),
    ],
)
def test_targets_tell_the_task(y, task):
    assert task_of(Schema.of_row(0, y)) == task


@pytest.mark.parametrize("y", [torch.tensor([0, 2]), torch.tensor([[0], [2]]), torch.tensor([0, 2], dtype=torch.uint8)])
def test_a_classification_is_learned_by_cross_entropy(y):
    outputs = torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.5, 2.0]])
    losses = row_losses("classification", None)(outputs, y)
    assert torch.allclose(losses, F.cross_entropy(outputs, torch.tensor([0, 2]), reduction="none"))


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_a_regression_is_learned_by_squared_error_without_broadcasting(shape):
    outputs, y = torch.arange(4.0), torch.tensor([1.0, 1.0, 1.0, 1.0])
    losses = row_losses("regression", None)(outputs.view(shape), y)
    assert losses.tolist() == [1, 0, 1, 4]
    assert row_losses("regression", None)(outputs, y.view(shape)).tolist() == [1, 0, 1, 4]


def test_several_values_a_row_are_averaged():
    losses = row_losses("regression", None)(torch.zeros(2, 3), torch.tensor([[1.0, 2.0, 2.0], [0.0, 0.0, 3.0]]))
    assert losses.tolist() == [3, 3]


def test_the_users_loss_comes_first_and_others_need_one():
    assert row_losses(None, F.l1_loss) is F.l1_loss
    with pytest.raises(ConfigError, match="no loss is implied. Define `loss_fn`"):
        row_losses(None, None)


def test_a_loss_of_rows_becomes_one_number():
    assert mean_loss(lambda outputs, targets: outputs)(torch.tensor([1.0, 3.0]), None).item() == 2
    assert mean_loss(lambda outputs, targets: outputs.sum())(torch.tensor([1.0, 3.0]), None).item() == 4


@pytest.mark.parametrize(
    ("outputs", "labels", "text"),
    [
        (torch.zeros(2, 3), (0, 3), "The data has the label 3, but the model has 3 outputs, for labels 0 to 2"),
        (torch.zeros(2, 3), (-1, 2), "The data has the label -1"),
        (
            torch.zeros(2),
            (0, 1),
            r"The model gives \(2,\) for 2 rows. For a classification it must give one score a class",
        ),
        (torch.zeros(2, 3, 4), (0, 1), r"The model gives \(2, 3, 4\) for 2 rows"),
        (torch.zeros(1, 3), (0, 1), r"The model gives \(1, 3\) for 2 rows"),
    ],
)
def test_labels_outside_the_head_are_found_before_training(outputs, labels, text):
    with pytest.raises(TrainingError, match=text):
        check_outputs(outputs, labels, "classification", 2)


def test_what_fits_passes():
    check_outputs(torch.zeros(2, 3), (0, 2), "classification", 2)
    check_outputs(torch.zeros(2, 3), None, "classification", 2)
    check_outputs({"scores": torch.zeros(2)}, (0, 9), None, 2)
    check_outputs({"logits": torch.zeros(2, 3)}, (0, 2), "classification", 2)
    check_outputs(torch.zeros(2, 1), None, "regression", 2)
