import pytest
import torch

from tests.methods.steps import OLD, OTHER, Counting, Told, linear, step
from tests.reference import derpp
from vernal.base import ConfigError, ConflictError
from vernal.config import Plan
from vernal.memory import Memory
from vernal.methods import DERpp
from vernal.state import unpack
from vernal.store import Store
from vernal.testing import toy_plan, toy_update
from vernal.transaction import update

GOLDEN = {(0.1, 0.5): 1.941456, (0.0, 1.0): 1.990622, (1.0, 0.0): 2.037123}


@pytest.mark.parametrize(("alpha", "beta"), GOLDEN)
def test_the_loss_is_the_one_of_the_paper(alpha, beta):
    loss = DERpp(alpha=alpha, beta=beta).loss(step(Told(OLD, OTHER))).item()
    assert loss == pytest.approx(GOLDEN[alpha, beta], abs=1e-6)
    assert loss == pytest.approx(derpp.loss(alpha, beta), abs=1e-6)


def test_it_draws_twice_in_one_pass_of_the_model():
    memory, model = Told(OLD, OTHER), Counting(linear())
    DERpp(memory_batch=5).loss(step(memory, model))
    assert (memory.asked, model.passes) == ([5, 5], 1)


def test_the_memory_holds_the_logits_of_the_finished_model(tmp_path):
    result = toy_update(tmp_path, DERpp(memory_size=20), 1)
    store = Store(tmp_path)
    trees = {n: unpack(store.blobs.get(result.record["artefacts"][n]["blob"])) for n in ("memory", "model")}
    memory = Memory.from_tree(trees["memory"], store.blobs)
    x, weights = memory.leaves(torch.arange(20))["x"], trees["model"]
    hidden = (x @ weights["0.weight"].T + weights["0.bias"]).relu()
    assert torch.allclose(memory.extra("z"), hidden @ weights["2.weight"].T + weights["2.bias"], atol=1e-6)


def test_weights_are_those_of_the_plan_when_they_change_between_updates(tmp_path):
    toy_update(tmp_path, DERpp(alpha=0.1, beta=0.5), 1)
    second = toy_update(tmp_path, DERpp(alpha=0.7, beta=0.2), 2)
    assert second.record["plan"]["method"]["options"]["alpha"] == 0.7
    assert second.record["plan"]["method"]["options"]["beta"] == 0.2


def test_another_method_is_refused_unless_it_is_meant(tmp_path):
    toy_update(tmp_path, DERpp(), 1)
    with pytest.raises(ConflictError, match="'derpp', and this plan says 'er'"):
        toy_update(tmp_path, "er", 2)
    plan = toy_plan("er", 2)
    meant = Plan(plan.config, "er", plan.arguments, plan.training, change_method=True)
    assert update(meant, tmp_path).record["number"] == 2


@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_weights_below_zero_are_refused(name):
    with pytest.raises(ConfigError, match=f"`{name}` must be at least 0, got -1"):
        DERpp(**{name: -1})
