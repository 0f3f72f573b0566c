import torch
from torch import nn

from vernal.models import GrowingHead, MultiHead, grow_heads, growing_heads, has_growing_head


def test_all_heads_of_a_model_grow():
    model = nn.ModuleDict({"a": GrowingHead(3), "b": nn.Sequential(GrowingHead(2, 4), nn.Linear(2, 2))})
    assert grow_heads(model, 4)
    assert (model["a"].out_features, model["b"][0].out_features, model["b"][1].out_features) == (4, 4, 2)
    assert not grow_heads(model, 4)


def test_heads_of_tasks_grow_only_as_their_task_asks():
    model = nn.ModuleDict({"one": GrowingHead(3, 1), "many": MultiHead(3)})
    assert grow_heads(model, 5, {0: 2, 3: 4})
    assert (model["one"].out_features, model["many"].sizes) == (5, {0: 2, 3: 4})
    assert grow_heads(model, 5, {0: 3})
    assert not grow_heads(model, 5, {3: 4})
    assert not grow_heads(model, 5)
    assert model["many"].sizes == {0: 3, 3: 4}


def test_a_model_without_such_heads_is_left_alone():
    model = nn.Linear(2, 2)
    before = model.weight
    assert not has_growing_head(model)
    assert not grow_heads(model, 9)
    assert model.weight is before


def test_a_head_counts_once_and_so_does_one_of_many_tasks():
    many, one = MultiHead(3), GrowingHead(3)
    many.grow(0, 2)
    assert growing_heads(nn.ModuleList([one, many, one])) == [one, many]
    assert has_growing_head(many)
    assert has_growing_head(one)


def test_three_rounds_of_growth_through_state_dicts():
    model = nn.Sequential(nn.Linear(4, 3), GrowingHead(3))
    for classes in (2, 5, 6):
        grow_heads(model, classes)
        reopened = nn.Sequential(nn.Linear(4, 3), GrowingHead(3))
        reopened.load_state_dict(model.state_dict())
        assert torch.equal(reopened(torch.ones(2, 4)), model(torch.ones(2, 4)))
        model = reopened
