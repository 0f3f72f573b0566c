from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.methods.steps import OLD, Told, gradient, linear, step
from tests.reference import rd, tensors
from vernal.base import ConfigError
from vernal.methods import RD, Network
from vernal.models import GrowingHead
from vernal.state import unpack
from vernal.store import Store
from vernal.testing import toy_update

GOLDEN = 1.594123


def of(weight):
    model = nn.Linear(2, 3)
    model.load_state_dict({"weight": weight, "bias": tensors.BIAS})
    return model.requires_grad_(False)


def consolidating(expert, student=None):
    """The method at the beginning of its second stage."""
    method = RD()
    expert_stage, consolidation = method.stages(first=False)
    method.enter(expert_stage)
    method.enter(consolidation)
    method.start(student or linear(), linear)
    method.load_state_dict({"expert": expert.state_dict()})
    return method


def test_the_loss_and_its_gradient_are_those_of_the_formula():
    model, champion = linear(), of(rd.CHAMPION)
    loss = consolidating(of(rd.EXPERT)).loss(replace(step(Told(OLD), model), old=lambda: Network(champion)))
    expected, slope = rd.loss_and_gradient()
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    assert loss.item() == pytest.approx(GOLDEN, abs=1e-6)
    assert torch.allclose(gradient(loss, model), slope, atol=1e-6)


def test_the_expert_learns_new_rows_alone_and_from_scratch():
    method, fresh = RD(), linear()
    method.enter(method.stages(first=False)[0])
    memory = Told(OLD)
    assert method.start(linear(), lambda: fresh) is fresh
    assert method.loss(step(memory)).item() == pytest.approx(1.856081, abs=1e-6)
    assert memory.asked == []


def test_a_first_update_is_the_training_of_an_expert(tmp_path):
    assert [stage.name for stage in RD().stages(first=True)] == ["expert"]
    first = toy_update(tmp_path, RD(memory_size=20), 1, budget="4ep")
    second = toy_update(tmp_path, RD(memory_size=20), 2, budget="4ep")
    assert first.record["training"]["replayed"] == 0
    assert first.record["training"]["steps"] == second.record["training"]["steps"] == 12


def test_no_expert_is_kept_from_one_update_to_the_next(tmp_path):
    for chunk in (1, 2):
        record = toy_update(tmp_path, RD(memory_size=20), chunk).record
        assert unpack(Store(tmp_path).blobs.get(record["artefacts"]["method"]["blob"])) == {"expert": {}}


def test_labels_do_not_count_in_a_consolidation():
    champion = of(rd.CHAMPION)
    losses = [
        consolidating(of(rd.EXPERT)).loss(replace(step(Told(OLD), y=y), old=lambda: Network(champion))).item()
        for y in (tensors.Y, tensors.Y.flip(0))
    ]
    assert losses[0] == losses[1]


def hears_of_two_classes(x):
    """A champion whose head has grown from two classes to four."""
    return torch.cat([x, torch.full_like(x, -torch.inf)], 1)


def test_rows_from_memory_are_of_no_class_that_the_champion_never_knew():
    model = GrowingHead(2, 4)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.copy_(torch.tensor([1.5, -0.5, -0.5, -0.5]))  # 3, 1, 1, 1, centred
    old = {"x": torch.tensor([[3.0, 1.0]]), "y": torch.tensor([0])}
    method = consolidating(model, model)  # The expert says what the student says.
    now = replace(step(Told(old), model), old=lambda: Network(nn.Identity(), call=hears_of_two_classes))
    assert method.loss(now).item() == pytest.approx(0, abs=1e-12)


def test_old_classes_are_kept_and_new_ones_learned(tmp_path):
    summary = [toy_update(tmp_path, RD(memory_size=20), chunk, budget="200ep") for chunk in (1, 2, 3)][-1].summary
    assert summary["average_accuracy"] > 0.9


@pytest.mark.parametrize(("memory", "rows"), [(10, 50), (100, 50), (100, 200)])
def test_the_memory_fills_up_to_its_size(tmp_path, memory, rows):
    for update in (1, 2, 3):
        record = toy_update(tmp_path, RD(memory_size=memory), update, rows=rows, budget="1st", batch_size=200).record
        assert record["memory"]["rows"] == min(memory, update * rows)


def test_a_regression_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="'rd' serves classification, and this is a regression"):
        toy_update(tmp_path, RD(), task="regression")
