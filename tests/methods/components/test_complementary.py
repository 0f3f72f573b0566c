from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.methods.steps import linear, step
from tests.reference import cls_er, tensors
from vernal.methods.components import Complementary
from vernal.models import GrowingHead, grow_heads
from vernal.state import pack
from vernal.tasks import Classification, Other, Regression


def averages(**options):
    return Complementary(**{"plastic_decay": 0.999, "stable_decay": 0.999} | options)


BOTH_ALWAYS = {"plastic_probability": 1.0, "stable_probability": 0.999999}


def taught(stable, plastic, model):
    """Averages with given weights."""
    both = averages(**BOTH_ALWAYS)
    both.attach(model)
    both.load_state_dict({"plastic": plastic, "stable": stable, "steps": 1})
    return both


def of(weight):
    return {"weight": weight, "bias": tensors.BIAS}


def test_each_row_is_taught_by_the_average_that_knows_its_class_better():
    model = linear()
    both = taught(of(cls_er.STABLE), of(cls_er.PLASTIC), model)
    outputs = model(tensors.X_OLD)
    distance = both.consistency(step(), tensors.X_OLD, tensors.Y_OLD, outputs)
    assert distance.item() == pytest.approx(F.mse_loss(outputs, cls_er.teacher()).item(), rel=1e-6)


def test_where_both_know_as_much_the_plastic_one_teaches():
    model, shifted = linear(), of(tensors.WEIGHT)
    both = taught({**shifted, "bias": tensors.BIAS + 1}, shifted, model)  # The same softmax, other logits.
    assert both.consistency(step(), tensors.X_OLD, tensors.Y_OLD, model(tensors.X_OLD)).item() == 0


@pytest.mark.parametrize(("stable", "plastic", "better"), [(0.9, 0.1, 0.9), (0.3, 0.8, 0.8)])
def test_a_regression_is_taught_by_the_one_that_is_closer(stable, plastic, better):
    model = nn.Linear(1, 1, bias=False)
    weights = [{"weight": torch.tensor([[value]])} for value in (stable, plastic)]
    both, x = taught(*weights, model), torch.ones(4, 1)
    found = both.consistency(replace(step(), task=Regression()), x, torch.ones(4, 1), torch.zeros(4, 1))
    assert found.item() == pytest.approx(better**2)


@pytest.mark.parametrize("task", [Other(), Classification()])
def test_where_only_the_loss_of_a_batch_is_known_that_decides(task):
    model = nn.Linear(1, 1, bias=False)
    both = taught({"weight": torch.tensor([[2.0]])}, {"weight": torch.tensor([[-1.0]])}, model)
    own = replace(step(), task=task, criterion=lambda z, y: F.binary_cross_entropy_with_logits(z[:, 0], y.float()))
    assert both.consistency(own, torch.ones(4, 1), torch.ones(4).long(), torch.zeros(4, 1)).item() == 4.0


def test_an_average_is_warmed_up():
    model = nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    both = averages(**BOTH_ALWAYS)
    both.attach(model)
    values = []
    for value in (1.0, 2.0, 3.0):
        model.weight.data.fill_(value)
        both.after_step(model)
        values.append(both.plastic.module.weight.item())
    assert values == pytest.approx([0.5, 1.0, 1.5])  # Means of 0, 1, 2, 3.


def test_averages_move_as_often_as_they_should():
    model = nn.Linear(1, 1, bias=False)
    both = averages(plastic_probability=0.9, stable_probability=0.3)
    both.attach(model)
    moved = {"plastic": 0, "stable": 0}
    for _ in range(2000):
        before = both.plastic.module.weight.item(), both.stable.module.weight.item()
        model.weight.data.add_(1.0)
        both.after_step(model)
        moved["plastic"] += both.plastic.module.weight.item() != before[0]
        moved["stable"] += both.stable.module.weight.item() != before[1]
    assert moved["plastic"] / 2000 == pytest.approx(0.9, abs=0.03)
    assert moved["stable"] / 2000 == pytest.approx(0.3, abs=0.03)


def test_coins_are_the_same_whatever_was_drawn_in_between():
    states = []
    for noise in (0, 7):
        model = linear()
        both = averages(plastic_probability=0.5, stable_probability=0.4)
        both.attach(model)
        for number in range(10):
            torch.rand(noise)
            model.bias.data.fill_(number)
            both.after_step(model)
        states.append(pack(both.state_dict()))
    assert states[0] == states[1]


def test_new_classes_are_taught_as_soon_as_both_sides_have_them():
    model = nn.Sequential(nn.Linear(2, 3), GrowingHead(3, 2))
    both = averages(**BOTH_ALWAYS)
    both.attach(model)
    stored = both.state_dict()
    grow_heads(model, 3)
    after = averages(**BOTH_ALWAYS)
    after.load_state_dict(stored)
    after.attach(model)
    outputs = model(tensors.X_OLD)
    loss = after.consistency(step(), tensors.X_OLD, tensors.Y_OLD, outputs)
    assert outputs.shape[1] == 3
    assert loss.item() == pytest.approx(0, abs=1e-12)
    after.after_step(model)
    assert after.stable.module(tensors.X_OLD).shape[1] == 3


def test_the_teachers_give_no_gradient():
    model = linear()
    both = taught(of(cls_er.STABLE), of(cls_er.PLASTIC), model)
    both.consistency(step(), tensors.X_OLD, tensors.Y_OLD, model(tensors.X_OLD)).backward()
    assert model.weight.grad is not None
    assert all(p.grad is None for shadow in (both.plastic, both.stable) for p in shadow.module.parameters())
