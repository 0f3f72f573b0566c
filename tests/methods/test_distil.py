import pytest
import torch
from torch import nn

from tests.methods.steps import gradient, linear, step
from tests.methods.teaching import champion, taught_step
from tests.reference import distillation
from vernal.methods import Distil
from vernal.tasks import Regression

# Of `tests.reference.distillation`, for weight and temperature.
GOLDEN = {(1.0, 1.0): 0.593837, (1.0, 2.0): 0.748235, (0.5, 4.0): 0.414785}


@pytest.mark.parametrize(("weight", "temperature"), GOLDEN)
def test_the_loss_is_the_one_of_the_paper(weight, temperature):
    loss = Distil(weight, temperature).loss(taught_step()).item()
    assert loss == pytest.approx(GOLDEN[weight, temperature], abs=1e-5)
    assert loss == pytest.approx(distillation.distil(weight, temperature), abs=1e-5)


def test_without_memory_the_new_rows_alone_are_compared():
    expected = distillation.distil(1.0, 2.0, with_memory=False)
    assert Distil().loss(taught_step(with_memory=False)).item() == pytest.approx(expected, abs=1e-5)


def test_in_a_first_update_there_is_nothing_to_compare_with():
    assert Distil().loss(step()) is None


def test_nothing_pulls_at_a_model_that_says_what_the_champion_says():
    model = champion().requires_grad_(True)
    loss = Distil().loss(taught_step(model=model))
    assert loss.item() == pytest.approx(0, abs=1e-7)
    assert gradient(loss, model).abs().max().item() < 1e-6


def test_gradients_go_to_the_model_and_not_to_the_champion():
    model, teacher = linear(), champion().requires_grad_(True)
    loss = Distil().loss(taught_step(model=model, teacher=teacher.requires_grad_(False)))
    assert gradient(loss, model).abs().max().item() > 0
    assert all(parameter.grad is None for parameter in teacher.parameters())


class Silent(nn.Module):
    """What a champion with two classes says once the head has three."""

    def forward(self, x):
        scores = champion()(x)
        return scores.masked_fill(torch.tensor([False, False, True]), -torch.inf)


def test_classes_that_the_champion_never_knew_are_not_compared():
    model = linear()
    loss = Distil().loss(taught_step(model=model, teacher=Silent()))
    weight, bias = torch.autograd.grad(loss, [*model.parameters()])
    assert torch.isfinite(loss)
    assert weight[2].tolist() == [0, 0]
    assert bias[2].item() == 0
    assert weight[:2].abs().min().item() > 0


def test_numbers_are_compared_by_their_squared_distance():
    values = torch.tensor([0.5, 1.0, -1.0])
    model, teacher = nn.Linear(2, 1), nn.Linear(2, 1)
    new = taught_step(with_memory=False, model=model, teacher=teacher, y=values, task=Regression())
    expected = (model(new.x) - teacher(new.x)).square().mean()
    assert Distil(weight=3.0).loss(new).item() == pytest.approx(3 * expected.item(), rel=1e-5)
