"""What EWC, SI, MAS and LwF have in common, in whole updates."""

import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load

from vernal.config import Plan
from vernal.methods import EWC, MAS, SI, LwF
from vernal.state import unpack
from vernal.store import Store
from vernal.testing import InterruptAfter, toy_plan, toy_update
from vernal.training import Training
from vernal.transaction import update

KINDS = {
    "ewc": EWC,
    "online ewc": lambda: EWC(online=True, decay=0.9, fisher_rows=16),
    "si": SI,
    "mas": lambda: MAS(strength=0.1, importance_rows=16),
    "lwf": LwF,
}
every_method = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
every_anchored = pytest.mark.parametrize("make", [KINDS[name] for name in KINDS if name != "lwf"])

GROWING = """
from torch import nn
from vernal.models import GrowingHead
from vernal.testing.toy_config import data_module_fn

def model_fn(width: int = 16) -> nn.Module:
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), GrowingHead(width))
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.py"
    path.write_text(GROWING, encoding="utf-8")
    return path


def plan(config, method, chunk, **arguments):
    training = Training(budget="2ep", batch_size=16, accelerator="cpu", checkpoint_minutes=0)
    return Plan(config, method=method, arguments={"chunk": chunk} | arguments, training=training)


def state_of(store, result):
    return unpack(Store(store).blobs.get(result.record["artefacts"]["method"]["blob"]))


def sizes(tree):
    return {name: tuple(tensor.shape) for name, tensor in tree.get("importance", {}).items()}


@every_method
def test_heads_grow_over_three_updates(config, tmp_path, make):
    for chunk in (1, 2, 3):
        result = update(plan(config, make(), chunk), tmp_path / "store")
        state = state_of(tmp_path / "store", result)
        if "seen" in state:
            assert state["seen"].tolist() == [True] * (2 * chunk)
        else:
            assert sizes(state)["2.weight"] == (2 * chunk, 16)
            assert all(torch.isfinite(tensor).all() for tensor in state["importance"].values())


@every_method
def test_a_resumed_update_with_a_grown_head_equals_an_uninterrupted_one(config, tmp_path, make):
    update(plan(config, make(), 1), tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "broken")
    whole = update(plan(config, make(), 2), tmp_path / "whole")
    for step in (2, 4):
        with pytest.raises(KeyboardInterrupt):
            update(plan(config, make(), 2), tmp_path / "broken", reporter=InterruptAfter(step))
    resumed = update(plan(config, make(), 2), tmp_path / "broken")
    assert resumed.record["training"]["resumed"]
    for artefact in ("model", "method"):
        assert resumed.record["artefacts"][artefact]["blob"] == whole.record["artefacts"][artefact]["blob"]


@every_anchored
def test_it_begins_anew_when_that_is_meant(config, tmp_path, make):
    update(plan(config, "fine_tune", 1), tmp_path / "store")
    changed = replace(plan(config, make(), 2), change_method=True)
    assert update(changed, tmp_path / "store").record["number"] == 2


@every_anchored
def test_gradients_may_come_from_several_batches(tmp_path, make):
    """The anchors pull once a step, however many batches it has."""
    toy_update(tmp_path, make(), 1, rows=32)
    weights = []
    for accumulate, batch_size in ((1, 32), (2, 16)):
        one = toy_plan(make(), 2, rows=32, batch_size=batch_size, budget="4st")
        one = replace(one, training=replace(one.training, accumulate=accumulate))
        record = update(one, tmp_path, promote=False).record
        weights.append(load(Store(tmp_path).blobs.get(record["artefacts"]["model"]["blob"])))
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=1e-5) for name in weights[0])


@pytest.mark.journey
@pytest.mark.slow
def test_two_devices_learn_what_one_learns(tmp_path):
    store = Store(tmp_path / "store")
    toy_update(store, SI(), 1, rows=48)
    one = toy_plan(SI(), 2, rows=48)
    two = replace(one, training=replace(one.training, devices=2))
    alone, together = (update(made, store, promote=False).record["artefacts"] for made in (one, two))
    for artefact in ("model", "method"):
        trees = [store.blobs.get(made[artefact]["blob"]) for made in (alone, together)]
        tensors = [load(tree) for tree in trees]
        assert all(torch.allclose(tensors[0][name], tensors[1][name], atol=1e-4) for name in tensors[0])
