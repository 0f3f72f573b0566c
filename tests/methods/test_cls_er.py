import pytest
import torch
from torch import nn

from tests.methods.steps import OLD, Told, gradient, linear, step
from tests.reference import cls_er, tensors
from vernal.base import ConfigError
from vernal.methods import CLSER
from vernal.testing import toy_update

GOLDEN = {(1.0, 0.1): 1.560092, (0.5, 0.0): 1.644950, (0.0, 2.0): 2.270248}
AVERAGES = {
    "plastic": {"weight": cls_er.PLASTIC, "bias": tensors.BIAS},
    "stable": {"weight": cls_er.STABLE, "bias": tensors.BIAS},
    "steps": 100,
}


def taught(method, model=None):
    """The method with the averages of the golden numbers."""
    method.start(model or linear(), linear)
    method.load_state_dict(AVERAGES)
    return method


@pytest.mark.parametrize(("alpha", "beta"), GOLDEN)
def test_the_loss_and_its_gradient_are_those_of_the_paper(alpha, beta):
    model = linear()
    loss = taught(CLSER(alpha=alpha, beta=beta)).loss(step(Told(OLD), model))
    expected, slope = cls_er.loss_and_gradient(alpha, beta)
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    assert loss.item() == pytest.approx(GOLDEN[alpha, beta], abs=1e-6)
    assert torch.allclose(gradient(loss, model), slope, atol=1e-6)


def test_without_memory_the_loss_is_that_of_the_new_batch():
    assert taught(CLSER()).loss(step()).item() == pytest.approx(1.856081, abs=1e-6)


def test_predictions_are_those_of_the_stable_average():
    model = linear()
    predictor = taught(CLSER()).predictor(model)
    assert torch.equal(predictor(tensors.X), tensors.X @ cls_er.STABLE.T + tensors.BIAS)


def test_a_method_that_was_just_loaded_predicts_so_too():
    method = CLSER()
    method.load_state_dict(AVERAGES)
    assert torch.equal(method.predictor(linear())(tensors.X), taught(CLSER()).predictor(linear())(tensors.X))


def test_before_the_first_step_the_model_predicts():
    model = linear()
    assert CLSER().predictor(model) is model


def test_what_is_measured_is_the_stable_average(tmp_path):
    slow = CLSER(memory_size=20, memory_batch=8, stable_decay=1.0, stable_probability=0.0)
    before, after = (toy_update(tmp_path, slow, chunk).validation[0] for chunk in (1, 2))
    assert before["after"]["loss"] == before["before"]["loss"]  # It never moves.
    assert after["after"]["loss"] == before["before"]["loss"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"alpha": -1}, "`alpha` must be at least 0, got -1"),
        ({"stable_decay": 1.1}, "`stable_decay` must be between 0 and 1, got 1.1"),
        (
            {"plastic_decay": 0.9, "stable_decay": 0.8},
            "`plastic_decay` must be at most `stable_decay`, got 0.9 and 0.8",
        ),
        (
            {"plastic_probability": 0.5, "stable_probability": 0.5},
            "must be above `stable_probability`, got 0.5 and 0.5",
        ),
    ],
)
def test_options_out_of_range_are_refused(options, text):
    with pytest.raises(ConfigError, match=text):
        CLSER(**options)


def test_hyperparameters_of_the_plan_win_over_those_that_were_stored(tmp_path):
    toy_update(tmp_path, CLSER(alpha=0.123, plastic_probability=0.4, stable_probability=0.3), 1)
    second = toy_update(tmp_path, CLSER(alpha=2.3, plastic_probability=0.8, stable_probability=0.7), 2)
    assert second.record["plan"]["method"]["options"]["alpha"] == 2.3
    assert second.record["plan"]["method"]["options"]["plastic_probability"] == 0.8


def test_a_network_with_batch_norm_is_taught_in_evaluation_mode():
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))
    method = CLSER(plastic_decay=0.5, stable_decay=0.5, plastic_probability=1.0, stable_probability=0.9)
    method.start(model, lambda: model)
    for _ in range(20):
        method.loss(step(Told(OLD), model)).backward()
        method.after_step(model)
    predictor = method.predictor(model)
    assert not predictor.training
    assert torch.allclose(predictor[1].running_mean, model[1].running_mean, atol=0.1)
