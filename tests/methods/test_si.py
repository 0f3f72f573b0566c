import pytest
import torch
from torch import nn

from tests.methods.steps import gradient, linear, step
from tests.methods.training import domain, fine_tuned, mean_accuracy, network, train, whole_gradient
from tests.reference import ewc, si
from tests.reference.tensors import BIAS, WEIGHT, X_OLD, X_OTHER, Y_OLD, Y_OTHER
from vernal.base import ConfigError, SchemaMismatch
from vernal.methods import SI, FineTune
from vernal.models import GrowingHead
from vernal.testing import toy_setting, toy_update

WEIGHTS = [0.1957, -0.4980, 1.4707, -0.1355, -1.0063, 0.3704, 0.3115, -0.1408, 0.0673]
IMPORTANCE = [0.5719, 0.6281, 0.7413, 0.6200, 0.2174, 0.0702, 0.4033, 0.2441, 0.2325]


def learned(strength=2.0, damping=0.1):
    """Two updates, of a few steps of plain gradient descent on a batch each."""
    method, model = SI(strength=strength, damping=damping), linear()
    for x, y in ((X_OLD, Y_OLD), (X_OTHER, Y_OTHER)):
        train(method, model, x, y, steps=si.STEPS, lr=si.RATE, batch_size=len(y))
    return method, model


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


@pytest.mark.parametrize(("strength", "damping"), [(2.0, 0.1), (0.5, 1.0), (0.0, 0.1)])
def test_weights_and_importances_are_those_of_the_paper(strength, damping):
    method, model = learned(strength, damping)
    weights, importance = si.two_updates(strength, damping)
    assert torch.allclose(flat(model.parameters()), weights, atol=1e-5)
    assert torch.allclose(flat(method.state_dict()["importance"].values()), importance, atol=1e-5)


def test_golden_numbers():
    method, model = learned()
    assert torch.allclose(flat(model.parameters()), torch.tensor(WEIGHTS), atol=1e-4)
    assert torch.allclose(flat(method.state_dict()["importance"].values()), torch.tensor(IMPORTANCE), atol=1e-4)


def test_the_gradient_is_that_of_the_loss_and_of_the_pull():
    method, model = learned()
    start = flat(model.parameters())
    method.begin(toy_setting(model, X_OLD, Y_OLD))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.25
    one = step(model=model, x=X_OLD, y=Y_OLD)
    expected = si.gradient(start + 0.25, X_OLD, Y_OLD) + 2 * 2.0 * torch.tensor(IMPORTANCE) * 0.25
    assert torch.allclose(whole_gradient(method, one), expected, atol=1e-3)


def test_importances_are_never_below_zero():
    method, model = SI(), linear()
    method.begin(toy_setting(model, X_OLD, Y_OLD))
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    method.before_step(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.5  # Uphill.
    method.after_step(model)
    assert (flat(method.state_dict()["path"].values()) == -0.5).all()
    method.end(toy_setting(model, X_OLD, Y_OLD))
    assert (flat(method.state_dict()["importance"].values()) == 0).all()


def test_a_step_that_is_left_out_since_gradients_overflow_counts_nothing():
    method, model = SI(), linear()
    method.begin(toy_setting(model, X_OLD, Y_OLD))
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, torch.inf)
    method.before_step(model)
    method.after_step(model)
    assert (flat(method.state_dict()["path"].values()) == 0).all()


def test_weights_without_a_gradient_do_not_become_important():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(1, 1))
    model.forward = lambda x: model[0](x)
    method = SI()
    train(method, model, X_OLD, Y_OLD, steps=2, batch_size=2)
    importance = method.state_dict()["importance"]
    assert importance["1.weight"] == 0
    assert importance["0.weight"].max() > 0


def test_between_updates_it_keeps_the_importances_alone():
    method, model = learned()
    state = method.state_dict()
    assert state["importance"].keys() == {"weight", "bias"}
    assert (state["anchors"], state["path"]) == ({}, {})
    method.begin(toy_setting(model, X_OLD, Y_OLD))
    assert method.state_dict()["path"].keys() == {"weight", "bias"}


# Laws


def test_without_strength_it_is_fine_tuning(tmp_path):
    ours = [toy_update(tmp_path / "ours", SI(strength=0.0), chunk) for chunk in (1, 2, 3)]
    plain = [toy_update(tmp_path / "plain", FineTune(), chunk) for chunk in (1, 2, 3)]
    blobs = [[result.record["artefacts"]["model"]["blob"] for result in results] for results in (ours, plain)]
    assert blobs[0] == blobs[1]


def test_it_forgets_less_than_fine_tuning_where_classes_stay():
    ours, plain = mean_accuracy(SI(strength=5.0), steps=100), fine_tuned(steps=100)
    assert all(mine > its + 0.08 for mine, its in zip(ours, plain, strict=True))


# Models of other shapes


def test_the_new_classes_of_a_head_that_has_grown_are_free():
    method, model = SI(strength=10.0), nn.Sequential(nn.Linear(2, 4), nn.ReLU(), GrowingHead(4, 2))
    x, y = torch.randn(20, 2), torch.arange(20) % 2
    train(method, model, x, y, steps=5)
    before = method.state_dict()["importance"]["2.weight"]
    model[2].grow(5)
    method.begin(toy_setting(model, x, y))
    grown = method.state_dict()["importance"]["2.weight"]
    assert torch.equal(grown[:2], before)
    assert (grown[2:] == 0).all()
    train(method, model, x, y + 3, steps=5)
    assert method.state_dict()["importance"]["2.weight"].shape == (5, 4)


def test_another_architecture_is_refused_before_training():
    method, _ = learned()
    with pytest.raises(SchemaMismatch, match=r"\(3, 2\) and is \(2, 2\).*--change-method"):
        method.begin(toy_setting(nn.Linear(2, 2), X_OLD, Y_OLD))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_sums_in_single_precision(dtype):
    y = domain(0, rows=40)[1]
    method, model = SI(), network().to(dtype)
    for number in (0, 1):
        train(method, model, domain(number, rows=40)[0].to(dtype), y, steps=3, lr=0.01)
    kept = method.state_dict()["importance"]["0.weight"]
    assert kept.dtype == torch.float32
    assert (kept > 0).any()
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_the_reference_gradient_is_that_of_autograd():
    loss = step(model=linear(), x=X_OLD, y=Y_OLD)
    found = gradient(loss.criterion(loss.logits, loss.y), loss.model.module)
    assert torch.allclose(found, si.gradient(ewc.flat(WEIGHT, BIAS), X_OLD, Y_OLD), atol=1e-6)


@pytest.mark.parametrize("options", [{"strength": -1}, {"damping": 0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ConfigError, match=f"`{[*options][0]}` must be"):
        SI(**options)
