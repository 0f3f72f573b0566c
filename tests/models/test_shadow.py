import pytest
import torch
from torch import nn

from tests.models.nets import convolutional
from vernal.base import ConfigError, SchemaMismatch
from vernal.models import GrowingHead, Shadow, grow_heads
from vernal.state import pack, unpack


def scattered(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    return model


def test_it_follows_as_a_moving_average_of_the_weights():
    model, shadow = scattered(nn.Linear(3, 2)), Shadow()
    shadow.attach(model)
    expected = {name: value.clone() for name, value in model.state_dict().items()}
    for decay in (0.9, 0.5, 0.0, 1.0, 0.999):
        scattered(model)
        shadow.follow(model, decay)
        expected = {name: decay * expected[name] + (1 - decay) * value for name, value in model.state_dict().items()}
        for name, value in shadow.module.state_dict().items():
            assert torch.allclose(value, expected[name], atol=1e-6)
            assert torch.equal(value, shadow.state_dict()[name])


def test_the_model_is_left_alone_and_the_shadow_learns_nothing():
    model, shadow = convolutional(), Shadow()
    before = pack(model.state_dict())
    shadow.attach(model)
    shadow.module(torch.randn(4, 3, 8, 8))
    assert pack(model.state_dict()) == before == pack(shadow.state_dict())
    assert model.training
    assert not shadow.module.training
    assert not any(parameter.requires_grad for parameter in shadow.module.parameters())


def test_running_statistics_are_followed_too():
    model, shadow = convolutional(), Shadow()
    shadow.attach(model)
    model(5 + torch.randn(16, 3, 8, 8))
    shadow.follow(model, 0.5)
    mean, own = shadow.module[0][1].running_mean, model[0][1].running_mean
    assert torch.allclose(mean, own / 2)  # They begin at 0.
    assert shadow.module[0][1].num_batches_tracked == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_small_steps_are_not_rounded_away(dtype):
    model, shadow = nn.Linear(1, 1, bias=False).to(dtype), Shadow()
    model.weight.data.fill_(1.0)
    shadow.attach(model)
    model.weight.data.fill_(2.0)
    for _ in range(1000):
        shadow.follow(model, 0.9995)
    assert shadow.state_dict()["weight"].dtype == torch.float32
    assert shadow.module.weight.dtype == dtype
    assert shadow.module.weight.item() == pytest.approx(2 - 0.9995**1000, rel=1e-2)


def test_it_is_stored_and_taken_up_before_and_after_it_has_a_network():
    model, shadow = scattered(convolutional()), Shadow()
    shadow.attach(model)
    scattered(model)
    shadow.follow(model, 0.3)
    stored, x = pack(shadow.state_dict()), torch.randn(2, 3, 8, 8)
    early, late = Shadow(), Shadow()
    early.load_state_dict(unpack(stored))
    assert not early.is_attached
    early.attach(convolutional())
    late.attach(convolutional())
    late.load_state_dict(unpack(stored))
    for other in (early, late):
        assert pack(other.state_dict()) == stored
        assert torch.equal(other.module(x), shadow.module(x))
        other.follow(model, 0.3)
        assert torch.equal(other.module[2].weight, other.state_dict()["2.weight"])


def test_an_empty_state_is_no_weights():
    shadow = Shadow()
    shadow.load_state_dict({})
    assert shadow.state_dict() == {}


def test_a_head_that_grew_begins_with_the_rows_of_the_model():
    model, shadow = nn.Sequential(nn.Linear(2, 3), GrowingHead(3, 2)), Shadow()
    shadow.attach(model)
    stored = {name: value.clone() for name, value in shadow.state_dict().items()}
    grow_heads(scattered(model), 4)
    after = Shadow()
    after.load_state_dict(stored)
    after.attach(model)
    assert torch.equal(after.module[1].weight[:2], stored["1.weight"])
    assert torch.equal(after.module[1].weight[2:], model[1].weight[2:])
    after.follow(model, 0.0)
    assert pack(after.module.state_dict()) == pack(model.state_dict())


def test_weights_of_another_architecture_are_refused():
    shadow = Shadow()
    shadow.load_state_dict({"body.weight": torch.zeros(2, 2)})
    with pytest.raises(SchemaMismatch, match="The model has no 'body.weight', which was kept beside it"):
        shadow.attach(nn.Linear(2, 2))


def test_what_was_never_attached_has_no_network():
    with pytest.raises(ConfigError, match="has no network yet. Attach it"):
        Shadow().module  # noqa: B018
