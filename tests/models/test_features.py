from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.models.nets import convolutional
from vernal.base import ConfigError, TrainingError
from vernal.models import Features, GrowingHead, MultiHead, captured, captured_inputs, head_of, logits_and_features


class Keyworded(nn.Module):
    """Calls its classifier by name."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(4, 3), nn.Linear(3, 2)

    def forward(self, x):
        return self.head(input=self.body(x))


class Around(nn.Module):
    """A wrapper as those of parallel training."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)


class ByTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(4, 3), MultiHead(3)
        self.head.grow(1, 2)

    def forward(self, x):
        return self.head(self.body(x["features"]), x["task_id"])


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def mlp():
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))


def test_outputs_are_those_of_the_modules():
    model, x = mlp(), torch.randn(5, 4)
    with captured(model, "0", "1", "") as outputs:
        logits = model(x)
    assert [*outputs] == ["0", "1", ""]
    assert torch.equal(outputs["0"], model[0](x))
    assert torch.equal(outputs["1"], model[0](x).relu())
    assert outputs[""] is logits


def test_gradients_flow_through_what_was_captured():
    model = mlp()
    with captured(model, "0") as outputs:
        model(torch.ones(1, 4))
    outputs["0"].sum().backward()
    assert torch.equal(model[0].weight.grad, torch.ones(3, 4))
    assert model[2].weight.grad is None


def test_inputs_are_the_arguments_those_with_a_name_last():
    model, x = Keyworded(), torch.randn(5, 4)
    with captured_inputs(model, "body", "head") as inputs:
        model(x)
    assert inputs["body"][0] is x
    assert torch.equal(inputs["head"][0], model.body(x))


def test_of_several_calls_the_last_counts():
    model = mlp()
    with captured(model, "0") as outputs:
        model(torch.ones(1, 4))
        model(torch.zeros(2, 4))
    assert torch.equal(outputs["0"], model[0](torch.zeros(2, 4)))


def test_blocks_nest_and_overlap():
    model = mlp()
    outer, inner = captured(model, "0"), captured(model, "0", "2")
    a, b = outer.__enter__(), inner.__enter__()
    model(torch.ones(1, 4))
    outer.__exit__(None, None, None)
    model(torch.zeros(3, 4))
    inner.__exit__(None, None, None)
    model(torch.zeros(5, 4))
    assert (len(a["0"]), len(b["0"]), len(b["2"])) == (1, 3, 3)
    assert hooks(model) == 0


def test_a_call_through_a_wrapper_is_seen():
    model = mlp()
    with captured(model, "1") as outputs:
        Around(model)(torch.ones(1, 4))
    assert outputs["1"].shape == (1, 3)


def test_no_hook_is_left_after_an_error():
    model = mlp()
    with pytest.raises(RuntimeError, match="shapes"), captured(model, "0", "2"), captured_inputs(model, "1"):
        model(torch.ones(1, 5))
    assert hooks(model) == 0


def test_an_unknown_name_leaves_no_hook_and_suggests_another():
    model = nn.ModuleDict({"layer1": nn.Linear(2, 2), "layer3": nn.Linear(2, 2)})
    with (
        pytest.raises(ConfigError, match="no module 'layr1'. Did you mean 'layer1'"),
        captured(model, "layer3", "layr1"),
    ):
        pass
    assert hooks(model) == 0


def test_a_module_that_has_not_run_is_named():
    model = mlp()
    with captured(model, "0", "2") as outputs:
        model[0](torch.ones(1, 4))
    with pytest.raises(TrainingError, match="Nothing is captured of '2'.*Captured: '0'."):
        outputs["2"]


@pytest.mark.parametrize(
    ("model", "place"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()), "1"),
        (nn.Sequential(GrowingHead(2, 2), nn.Linear(2, 2)), "0"),
        (nn.Sequential(GrowingHead(2, 2), MultiHead(2), nn.Linear(2, 2)), "1"),
        (nn.Linear(2, 2), ""),
    ],
)
def test_the_classifier_is_the_last_head_that_grows_or_else_the_last_linear_layer(model, place):
    assert head_of(model) is model.get_submodule(place)


def test_a_head_inside_one_of_many_tasks_is_not_the_classifier():
    model = ByTask()
    assert head_of(model) is model.head


def test_the_classifier_is_taken_by_name():
    model = mlp()
    assert head_of(model, "0") is model[0]
    with pytest.raises(ConfigError, match="Sequential has no module 'fc'. Available: 0, 1, 2."):
        head_of(model, "fc")


def test_without_a_linear_layer_the_classifier_must_be_named():
    with pytest.raises(ConfigError, match='no linear layer.*Name it: `head="..."`. Available: 0.'):
        head_of(nn.Sequential(nn.ReLU()))


def test_features_are_what_the_classifier_is_given():
    model, x = convolutional().eval(), torch.randn(5, 3, 8, 8)
    logits, features = logits_and_features(model, x)
    assert torch.equal(logits, model(x))
    assert torch.equal(features, model[1](model[0](x)))
    assert torch.equal(Features(model)(x), features)


def test_features_are_flat():
    assert Features(convolutional(), "1.0")(torch.randn(5, 3, 8, 8)).shape == (5, 144)


def test_features_of_a_bare_linear_model_are_its_inputs():
    x = torch.randn(5, 4)
    assert torch.equal(Features(nn.Linear(4, 2))(x), x)


def test_features_of_a_model_of_tasks_are_what_its_head_is_given():
    model = ByTask()
    x = {"features": torch.randn(5, 4), "task_id": torch.ones(5, dtype=torch.int64)}
    assert torch.equal(Features(model)(x), model.body(x["features"]))


def test_features_have_the_modes_and_parameters_of_the_model():
    model = convolutional()
    features = Features(model).eval()
    assert not model[0][1].training
    assert [*features.parameters()] == [*model.parameters()]
    assert [*features.state_dict()] == [f"model.{name}" for name in model.state_dict()]


def test_features_know_at_once_that_there_is_no_classifier():
    with pytest.raises(ConfigError, match="no module 'fc'"):
        Features(mlp(), "fc")
