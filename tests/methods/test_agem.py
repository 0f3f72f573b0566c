from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.torch import load
from torch import nn

from tests.methods.steps import OLD, OTHER, Told, linear, step
from tests.reference import agem, tensors
from vernal.base import ConfigError
from vernal.methods import AGEM
from vernal.methods.agem import project
from vernal.store import Store
from vernal.testing import toy_plan, toy_update
from vernal.transaction import update

# With the first draw the gradients agree, with the second they do not.
GOLDEN = {
    "agree": [-0.281321, -1.031082, 0.116194, 0.893264, 0.165127, 0.137818, -0.01553, -0.055978, 0.071508],
    "conflict": [-0.197644, -0.904984, -0.22163, 0.595794, 0.419274, 0.30919, 0.073249, -0.249808, 0.176558],
}
DRAWS = {"agree": OLD, "conflict": OTHER}
VECTORS = arrays(np.float32, 6, elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False))


def gradient(model):
    return torch.cat([p.grad.flatten() for p in model.parameters()])


def stepped(method, model, memory=None, x=tensors.X, y=tensors.Y, parts=1):
    """The gradients that a step follows, which so many batches make."""
    model.zero_grad()
    for one_x, one_y in zip(x.chunk(parts), y.chunk(parts), strict=True):
        (method.loss(step(memory, model, x=one_x, y=one_y)) / parts).backward()
    method.before_step(model)
    return gradient(model)


@pytest.mark.parametrize("case", GOLDEN)
def test_a_step_follows_the_projection_of_the_paper(case):
    found = stepped(AGEM(), linear(), Told(DRAWS[case]))
    assert found.tolist() == pytest.approx(GOLDEN[case], abs=1e-6)
    g, r = (agem.gradient(*rows) for rows in ((tensors.X, tensors.Y), (DRAWS[case]["x"], DRAWS[case]["y"])))
    assert found.tolist() == pytest.approx(agem.projected(g, r).tolist(), abs=1e-6)


def test_the_loss_is_that_of_the_new_batch():
    assert AGEM().loss(step(Told(OTHER))).item() == pytest.approx(1.856081, abs=1e-6)


@given(VECTORS, VECTORS)
def test_no_projection_points_away_from_the_reference(g, r):
    g, r = torch.from_numpy(g), torch.from_numpy(r)
    projected = project(g, r)
    exact, direction = projected.double(), torch.nn.functional.normalize(r.double(), dim=0, eps=1e-300)
    assert torch.isfinite(projected).all()
    assert exact @ direction >= -1e-5 * g.double().norm()
    assert projected.double().norm() <= (1 + 1e-5) * g.double().norm()
    if g.double() @ direction >= 1e-5 * g.double().norm():
        assert torch.equal(projected, g)


@given(VECTORS, VECTORS, st.integers(0, 40))
def test_the_length_of_the_reference_does_not_matter(g, r, power):
    g, r = torch.from_numpy(g), torch.from_numpy(r)
    assert torch.allclose(project(g, r), project(g, 2.0**power * r), rtol=1e-3, atol=1e-4 * float(g.norm()))


def test_accumulated_gradients_are_held_against_accumulated_references():
    x, y = torch.cat([tensors.X, tensors.X[:1]]), torch.cat([tensors.Y, tensors.Y[:1]])
    old = {name: torch.cat([OTHER[name], OLD[name]]) for name in ("x", "y")}
    whole = stepped(AGEM(), linear(), Told(old), -x, y)
    assert not torch.allclose(whole, stepped(AGEM(), linear(), None, -x, y), atol=1e-3)
    assert torch.allclose(whole, stepped(AGEM(), linear(), Told(OTHER, OLD), -x, y, parts=2), atol=1e-6)


def test_a_reference_serves_one_step():
    method, model = AGEM(), linear()
    stepped(method, model, Told(OTHER))
    plain = agem.gradient(tensors.X, tensors.Y)
    assert stepped(method, model).tolist() == pytest.approx(plain.tolist(), abs=1e-6)


class Heads(nn.Module):
    """The last input says which head answers."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(2, 2)
        self.heads = nn.ModuleList([linear(), linear(), linear()])

    def forward(self, x):
        return self.heads[int(x[0, 2])](self.trunk(x[:, :2]))


def test_a_head_that_only_the_memory_uses_is_changed_and_one_that_nobody_uses_is_not():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, method = Heads(), AGEM()
    # The same rows with other labels: what is good for the one is bad for the other.
    x, y = torch.cat([tensors.X, torch.ones(3, 1)], 1), tensors.Y
    old = {"x": torch.cat([tensors.X, torch.zeros(3, 1)], 1), "y": y.roll(1)}
    method.loss(step(Told(old), model, x=x)).backward()
    plain = model.heads[1].weight.grad.clone()
    method.before_step(model)
    assert model.heads[0].weight.grad.abs().sum() > 0
    assert torch.equal(model.heads[1].weight.grad, plain)
    assert model.heads[2].weight.grad is None


def test_the_first_update_is_fine_tuning(tmp_path):
    ours, plain = (
        toy_update(tmp_path / name, method, 1).record["artefacts"]["model"]["blob"]
        for name, method in (("agem", AGEM()), ("fine_tune", "fine_tune"))
    )
    assert ours == plain


def test_several_batches_may_make_a_step(tmp_path):
    method = AGEM(memory_size=20, memory_batch=8)
    for chunk in (1, 2):
        plan = toy_plan(method, chunk)
        result = update(replace(plan, training=replace(plan.training, accumulate=2)), tmp_path)
    assert result.record["training"]["steps"] == 6
    assert result.record["training"]["replayed"] == 9 * 8


@pytest.mark.journey
def test_two_processes_take_the_same_steps_as_one(tmp_path):
    # Every share is the same size, so the mean of means is the mean.
    method, store = AGEM(memory_size=16, memory_batch=8), Store(tmp_path)
    update(toy_plan(method, 1, rows=48), store)
    plan = toy_plan(method, 2, rows=48)
    alone = update(plan, store, promote=False)
    together = update(replace(plan, training=replace(plan.training, devices=2)), store, promote=False)
    weights = [load(store.blobs.get(one.record["artefacts"]["model"]["blob"])) for one in (alone, together)]
    assert all(torch.allclose(value, weights[1][name], atol=1e-4) for name, value in weights[0].items())


def test_a_memory_without_rows_is_an_error():
    with pytest.raises(ConfigError, match="`memory_size` must be .* got 0"):
        AGEM(memory_size=0)
