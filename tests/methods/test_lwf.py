import copy
import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.methods.steps import gradient, step
from tests.methods.training import domain, fine_tuned, mean_accuracy, network, train
from tests.reference import lwf
from tests.reference.tensors import X
from vernal.base import ConfigError
from vernal.methods import FineTune, LwF, Network
from vernal.models import GrowingHead
from vernal.tasks import Classification, MultiLabel, Regression, Segmentation, SequenceLabelling
from vernal.testing import toy_setting, toy_update

GOLDEN = {(0.0, 2.0, 3): 1.856081, (1.0, 2.0, 3): 2.797927, (1.0, 2.0, 2): 2.759414, (3.0, 1.0, 2): 4.316057}


def teacher():
    model = nn.Linear(2, 3).requires_grad_(False)
    model.load_state_dict(dict(zip(("weight", "bias"), lwf.TEACHER, strict=True)))
    return model


def taught(teacher, **changes):
    return dataclasses.replace(step(**changes), old=lambda: Network(teacher))


def knowing(labels, task=None, **options):
    """A method whose updates brought these labels."""
    method = LwF(**options)
    setting = toy_setting(nn.Linear(2, 3), torch.zeros(len(labels), 2), torch.tensor(labels))
    method.end(setting if task is None else dataclasses.replace(setting, task=task))
    return method


@pytest.mark.parametrize(("alpha", "temperature", "classes"), GOLDEN)
def test_the_loss_is_the_one_of_the_paper_over_the_classes_that_are_known(alpha, temperature, classes):
    method = knowing([*range(classes)], alpha=alpha, temperature=temperature)
    loss = method.loss(taught(teacher())).item()
    assert loss == pytest.approx(GOLDEN[alpha, temperature, classes], abs=1e-6)
    assert loss == pytest.approx(lwf.loss(alpha, temperature, classes), abs=1e-6)


def test_a_first_update_has_no_teacher():
    assert knowing([0, 1]).loss(step()).item() == pytest.approx(GOLDEN[0.0, 2.0, 3], abs=1e-6)


def test_classes_are_known_one_by_one_not_up_to_the_largest():
    method, one = knowing([2, 0, 2]), teacher()
    loss = method.loss(taught(one))
    with torch.no_grad():
        one.weight[1] += 100.0
    assert method.loss(taught(one)).item() == loss.item()
    with torch.no_grad():
        one.weight[2] += 1.0
    assert method.loss(taught(one)).item() != loss.item()


def test_classes_add_up_over_updates_and_survive_a_round_trip():
    method = knowing([0, 1])
    setting = toy_setting(nn.Linear(2, 6), torch.zeros(3, 2), torch.tensor([4, 1, -1]))
    method.end(setting)
    again = LwF()
    again.load_state_dict(method.state_dict())
    assert again.state_dict()["seen"].tolist() == [True, True, False, False, True]


def test_what_an_untrained_part_of_a_grown_teacher_says_is_not_matched():
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), GrowingHead(4, 2))
    x, y = torch.randn(20, 2), torch.arange(20) % 2
    method = LwF()
    train(method, model, x, y, steps=5)
    old = copy.deepcopy(model)
    for head in (model[2], old[2]):
        head.grow(5)  # Each draws rows of its own.
    old.requires_grad_(False)
    one = taught(old, model=model, x=x, y=y + 3)
    loss = method.loss(one)
    plain = F.cross_entropy(model(x), y + 3)
    pulled = torch.autograd.grad(loss - plain, model[2].weight)[0]
    assert (pulled[2:].abs() < 1e-6).all()
    with torch.no_grad():
        old[2].weight[2:] += 50.0
    assert method.loss(taught(old, model=model, x=x, y=y + 3)).item() == loss.item()


def test_heads_grow_over_three_updates(tmp_path):
    model, method = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), GrowingHead(32, 0)), LwF()
    old = None
    for number, classes in enumerate((2, 3, 5)):
        x, y = domain(0)
        some = y < classes
        model[2].grow(classes)
        train(method, model, x[some], y[some], steps=20, old=old)
        old = copy.deepcopy(model).requires_grad_(False)
        assert method.state_dict()["seen"].tolist() == [True] * classes, number
    assert (model(x).argmax(1) == y).float().mean() > 0.9


def test_all_that_a_champion_of_another_method_says_counts():
    assert LwF(alpha=1.0).loss(taught(teacher())).item() == pytest.approx(GOLDEN[1.0, 2.0, 3], abs=1e-6)


@pytest.mark.parametrize(("task", "y"), [(Classification(), [2, 1]), (SequenceLabelling(), [[-100, 2], [2, 2]])])
def test_what_a_champion_of_another_method_knew_still_counts_in_the_updates_after(task, y):
    def silent(_):
        scores = torch.zeros(*torch.tensor(y).shape, 4)
        scores[..., 2:] = -torch.inf  # The head grew by two classes, of which this update brings one.
        return scores

    method = LwF()
    setting = toy_setting(nn.Identity(), torch.zeros(2, 1), torch.tensor(y))
    for _ in range(2):
        method.end(dataclasses.replace(setting, task=task, old=lambda: Network(silent)))
        assert method.state_dict()["seen"].tolist() == [True, True, True, False]


def test_the_largest_label_in_bytes_is_a_class():
    method = LwF()
    method.end(toy_setting(nn.Identity(), torch.zeros(2, 1), torch.tensor([0, 255], dtype=torch.uint8)))
    assert method.state_dict()["seen"].nonzero().flatten().tolist() == [0, 255]


@pytest.mark.parametrize(("task", "shape"), [(Regression(), (3,)), (MultiLabel(), (3,)), (Segmentation(), (3, 2, 2))])
def test_other_tasks_are_compared_by_their_own_distance(task, shape):
    old, new = torch.randn(4, *shape), torch.randn(4, *shape, requires_grad=True)
    y = torch.tensor([0, 1, 0, 1]).reshape(4, 1, 1).expand(4, 2, 2) if task.classes else torch.zeros(4, *shape)
    method = LwF(temperature=1.0)
    method.end(dataclasses.replace(toy_setting(nn.Identity(), old, y), task=task))
    one = dataclasses.replace(
        taught(nn.Identity(), model=lambda _: new, x=old, y=y),
        task=task,
        criterion=lambda outputs, _: 0 * outputs.sum(),
    )
    known = 2 if task.classes else 3
    expected = task.distance(new[:, :known], old[:, :known]).mean()
    assert method.loss(one).item() == pytest.approx(expected.item(), abs=1e-6)


def test_pixels_that_do_not_count_are_no_class():
    method = LwF()
    setting = toy_setting(nn.Identity(), torch.zeros(1, 2, 2), torch.tensor([[[0, 255], [1, 255]]]))
    method.end(dataclasses.replace(setting, task=Segmentation()))
    assert method.state_dict()["seen"].tolist() == [True, True]


def test_one_logit_for_two_classes_is_compared_whole():
    model, old = nn.Linear(2, 1), nn.Linear(2, 1).requires_grad_(False)
    one = taught(old, model=model, y=torch.tensor([0, 1, 1]))
    one = dataclasses.replace(one, criterion=lambda z, y: F.binary_cross_entropy_with_logits(z[:, 0], y.float()))
    method = knowing([0, 1])
    pulled = method.loss(one) - one.criterion(one.logits, one.y)
    p, q = ((m(X)[:, 0] / 2).sigmoid() for m in (old, model))
    expected = 4 * (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()).mean()
    assert pulled.item() == pytest.approx(expected.item(), abs=1e-5)


def test_the_gradient_vanishes_where_the_model_agrees_with_its_teacher():
    model = teacher().requires_grad_(True)
    one = dataclasses.replace(taught(teacher(), model=model), criterion=lambda z, _: 0 * z.sum())
    assert gradient(knowing([0, 1, 2]).loss(one), model).abs().max() < 1e-6


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_half_and_double_precision_learn(dtype):
    x, y = domain(0, rows=40)
    method, model = LwF(), network().to(dtype)
    train(method, model, x.to(dtype), y, steps=3, lr=0.01)
    old = copy.deepcopy(model).requires_grad_(False)
    train(method, model, domain(1, rows=40)[0].to(dtype), y, steps=3, lr=0.01, old=old)
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_without_weight_it_is_fine_tuning(tmp_path):
    ours = [toy_update(tmp_path / "ours", LwF(alpha=0.0), chunk) for chunk in (1, 2, 3)]
    plain = [toy_update(tmp_path / "plain", FineTune(), chunk) for chunk in (1, 2, 3)]
    blobs = [[result.record["artefacts"]["model"]["blob"] for result in results] for results in (ours, plain)]
    assert blobs[0] == blobs[1]


def test_it_forgets_less_than_fine_tuning_where_classes_stay():
    ours, plain = mean_accuracy(LwF(alpha=0.5), steps=100), fine_tuned(steps=100)
    assert all(mine > its + 0.08 for mine, its in zip(ours, plain, strict=True))


@pytest.mark.parametrize("options", [{"alpha": -1}, {"temperature": 0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ConfigError, match=f"`{[*options][0]}` must be"):
        LwF(**options)
