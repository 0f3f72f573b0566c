from __future__ import annotations

import io

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vernal.base import CorruptState, StateError
from vernal.renate.models import RenateModule, RenateWrapper


class Heads(RenateModule):
    """A backbone, and a head for each task."""

    def __init__(self, features: int, classes: int = 3) -> None:
        super().__init__(constructor_arguments={"features": features, "classes": classes})
        self.backbone = nn.Linear(features, 4)
        self.heads = nn.ModuleDict()
        self._classes = classes

    def forward(self, x, task_id=None):
        return self.heads[task_id](torch.relu(self.backbone(x)))

    def _add_task_params(self, task_id):
        self.heads[task_id] = nn.Linear(4, self._classes)

    def get_params(self, task_id=None):
        return [*self.backbone.parameters(), *self.heads[task_id].parameters()]


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    return torch.load(io.BytesIO(file.getvalue()), weights_only=True)


@pytest.mark.parametrize("tasks", [["a"], ["a", "b", "c", "d"]])
def test_a_module_is_made_again_from_its_state_alone(tasks):
    model, x, y = Heads(5, classes=2), torch.rand(6, 5), torch.arange(6) % 2
    for task in tasks:
        model.add_task_params(task)
    again = Heads.from_state_dict(through_a_file(model.state_dict()))
    for task in tasks:
        assert torch.equal(again(x, task), model(x, task))
        assert torch.equal(F.cross_entropy(again(x, task), y), F.cross_entropy(model(x, task), y))
    assert again.state_dict().keys() == model.state_dict().keys()


def test_a_task_that_is_known_changes_nothing():
    model = Heads(5)
    model.add_task_params("a")
    head = model.heads["a"]
    model.add_task_params("a")
    assert model.heads["a"] is head


def test_training_one_task_leaves_the_head_of_another_alone():
    model = Heads(5)
    model.add_task_params("a")
    model.add_task_params("b")
    before = {name: value.clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.SGD(model.get_params("b"), lr=0.1, weight_decay=0.1)
    model(torch.rand(8, 5), "b").square().sum().backward()
    optimizer.step()
    changed = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert {name.split(".")[0] for name in changed} == {"backbone", "heads"}
    assert not any("heads.a" in name for name in changed)


def test_a_module_without_a_forward_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        RenateModule({})


def test_the_arguments_are_a_copy():
    sizes = [1, 2]

    class Model(RenateModule):
        def __init__(self, sizes):
            super().__init__(constructor_arguments={"sizes": sizes})

        def forward(self, x):
            return x

    model = Model(sizes)
    sizes.append(3)
    assert Model.from_state_dict(model.state_dict())._constructor_arguments == {"sizes": [1, 2]}


def test_arguments_that_cannot_be_stored_are_refused_at_once():
    with pytest.raises(StateError, match="holds a type at 'features'"):
        Heads(features=int)


def test_a_state_of_another_module_is_refused():
    with pytest.raises(StateError, match="has no '_extra_state', so it is not that of a RenateModule"):
        Heads.from_state_dict(nn.Linear(2, 2).state_dict())


def test_what_renate_pickled_is_refused():
    with pytest.raises(CorruptState, match="If Renate wrote it, it is a pickle, which vernal never reads"):
        Heads.from_state_dict({"_extra_state": torch.tensor([128, 4, 149, 46])})


@pytest.mark.parametrize("x", [(torch.ones(2, 3), 2.0), {"x": torch.ones(2, 3), "factor": 2.0}])
def test_a_wrapper_unpacks_its_inputs(x):
    class Scaled(nn.Module):
        def forward(self, x, factor):
            return (factor * x,)

    assert torch.equal(RenateWrapper(Scaled())(x), 2 * torch.ones(2, 3))


def test_a_wrapper_is_loaded_into_a_module_that_is_there():
    model, again = RenateWrapper(nn.Linear(2, 2)), RenateWrapper(nn.Linear(2, 2))
    again.load_state_dict(through_a_file(model.state_dict()))
    assert torch.equal(again(torch.ones(1, 2)), model(torch.ones(1, 2)))
    with pytest.raises(NotImplementedError, match="the module, wrap it, then call `load_state_dict`"):
        RenateWrapper.from_state_dict(model.state_dict())
