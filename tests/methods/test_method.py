import pytest
import torch
from torch import nn

from tests.methods.steps import Counting, gradient, linear, step
from vernal.methods import FineTune
from vernal.testing import toy_setting


def batches(*sizes):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(size, 2, generator=generator) for size in sizes]


def test_one_pass_equals_separate_passes():
    model = nn.Sequential(nn.Linear(2, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 3))
    inputs = batches(3, 1, 5)
    together = step(model=model).forward(*inputs)
    apart = [model(x) for x in inputs]
    assert [out.shape for out in together] == [out.shape for out in apart]
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(together, apart, strict=True))
    losses = [sum(out.square().sum() for out in outs) for outs in (together, apart)]
    assert torch.allclose(*[gradient(loss, model) for loss in losses], atol=1e-5)


def test_batches_of_one_shape_share_a_pass():
    model = Counting(linear())
    step(model=model).forward(*batches(3, 4))
    assert model.passes == 1


@pytest.mark.parametrize(
    "inputs",
    [
        [torch.zeros(2, 2), torch.zeros(2, 2, dtype=torch.float64)],
        [torch.zeros(2, 2), torch.zeros(2, 3)],
        [{"a": torch.zeros(2, 2)}, {"a": torch.zeros(3, 2)}],
        [(torch.zeros(2, 2),), (torch.zeros(2, 2),)],
    ],
)
def test_others_go_one_by_one(inputs):
    seen = []
    outputs = step(model=lambda x: seen.append(x) or len(seen)).forward(*inputs)
    assert outputs == (1, 2)
    assert all(a is b for a, b in zip(seen, inputs, strict=True))


def test_outputs_that_are_no_tensor_are_given_one_by_one():
    outputs = step(model=lambda x: {"scores": x}).forward(*batches(3, 4))
    assert [len(out["scores"]) for out in outputs] == [3, 4]


def test_the_new_batch_is_computed_once():
    model = Counting(linear())
    one = step(model=model)
    assert one.logits is one.logits
    assert model.passes == 1


def test_a_method_without_state_refuses_one():
    FineTune().load_state_dict({})
    with pytest.raises(AssertionError, match=r"FineTune keeps no state, but was given \['w'\]"):
        FineTune().load_state_dict({"w": 1})


def test_a_setting_walks_through_the_rows_as_often_as_one_likes():
    setting = toy_setting(linear(), torch.zeros(5, 2), torch.zeros(5, dtype=torch.int64), batch_size=2)
    for _ in range(2):
        assert [len(y) for _, y in setting.batches()] == [2, 2, 1]
