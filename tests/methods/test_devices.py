"""Every method and every term on a GPU, here a fake one: nothing lies where it cannot be computed with."""

import dataclasses
from dataclasses import dataclass
from typing import get_args

import pytest
import torch
from safetensors.torch import load
from torch import nn

from tests.fake_device import fake_device
from tests.methods import updates
from tests.methods.updates import made
from vernal.base import ConfigError
from vernal.memory import Reservoir, Selection
from vernal.methods import Card, Method, method_class, method_names, term_names
from vernal.store import Store
from vernal.testing import toy_config, toy_plan
from vernal.testing.toys import InterruptAfter
from vernal.transaction import update


def steps(method):
    return any(stage.share for stage in method.stages(first=False))


def learned(store, method, chunk, *, accelerator="cuda", terms=(), reporter=None, **options):
    plan = toy_plan(method, chunk, **{"rows": 16, "batch_size": 8, "budget": "2ep"} | options)
    training = dataclasses.replace(plan.training, accelerator=accelerator)
    return update(dataclasses.replace(plan, terms=[*terms], training=training), store, reporter=reporter)


def state(store, result, name="model"):
    return load(Store(store).blobs.get(result.record["artefacts"][name]["blob"]))


def assert_close(found, wanted):
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5, msg=lambda text, name=name: name + text)


def two_updates(store, method, **options):
    """What the second of two updates leaves."""
    learned(store, method, 1, **options)
    return learned(store, method, 2, **options)


@pytest.mark.parametrize("name", method_names())
def test_a_method_gives_on_a_device_what_it_gives_on_the_cpu(name, tmp_path):
    """The second update is interrupted and goes on, so that states are taken up before and in the middle of it."""
    on_cpu = two_updates(tmp_path / "cpu", made(name), accelerator="cpu", growing=True)
    with fake_device():
        options = {"growing": True, "checkpoint_minutes": 0}
        learned(tmp_path / "device", made(name), 1, **options)
        if steps(made(name)):
            with pytest.raises(KeyboardInterrupt):
                learned(tmp_path / "device", made(name), 2, reporter=InterruptAfter(1), **options)
        on_device = learned(tmp_path / "device", made(name), 2, **options)
    assert on_device.record["training"]["resumed"] == steps(made(name))
    for artefact in ("model", "method"):
        assert_close(state(tmp_path / "device", on_device, artefact), state(tmp_path / "cpu", on_cpu, artefact))
    assert on_device.summary == pytest.approx(on_cpu.summary, abs=1e-3)


@pytest.mark.parametrize("name", method_names())
def test_a_method_answers_questions_of_any_kind_on_a_device(name):
    for task in filter(method_class(name).card.serves, toy_config.OUTPUTS):
        on_cpu = updates.two_updates(name, task)[1]
        with fake_device() as device:
            on_device = updates.two_updates(name, task, device)[1]
            assert all(parameter.device == device for parameter in on_device.model.parameters())
            assert on_device.scores.device == device
            assert on_device.all_finite()
            found = on_device.scores.cpu()
        torch.testing.assert_close(found, on_cpu.scores, rtol=1e-3, atol=1e-4)


def test_all_terms_give_on_a_device_what_they_give_on_the_cpu(tmp_path):
    options = {"terms": term_names(), "growing": True}
    on_cpu = two_updates(tmp_path / "cpu", made("er"), accelerator="cpu", **options)
    with fake_device():
        on_device = two_updates(tmp_path / "device", made("er"), **options)
    assert_close(state(tmp_path / "device", on_device), state(tmp_path / "cpu", on_cpu))


@pytest.mark.parametrize("selection", get_args(Selection))
def test_rows_are_chosen_on_a_device_as_on_the_cpu(selection, tmp_path):
    method = made("er", memory_size=6, selection=selection)
    on_cpu = two_updates(tmp_path / "cpu", method, accelerator="cpu", growing=True)
    with fake_device():
        on_device = two_updates(tmp_path / "device", method, growing=True)
    assert_close(state(tmp_path / "device", on_device, "memory"), state(tmp_path / "cpu", on_cpu, "memory"))


# The tests can fail


@dataclass
class Careless(Method):
    """Meets the model with a tensor that lies on the CPU.

    Args:
        where: in which answer.
    """

    where: str = "nowhere"

    card = Card(when="Never.")

    def _meet(self, where, model):
        if where == self.where:
            torch.ones(1) + next(model.parameters())

    def begin(self, setting):
        self._meet("begin", setting.model.module)

    def loss(self, step):
        self._meet("loss", step.model.module)
        return super().loss(step)

    def before_step(self, model):
        self._meet("before_step", model)

    def after_step(self, model):
        self._meet("after_step", model)

    def end(self, setting):
        self._meet("end", setting.model.module)

    def policy(self):
        return Reservoir(6)

    def keep(self, model, x):
        self._meet("keep", model.module)
        return {}

    def predictor(self, model):
        return Scorer(model, self.where == "predictor")


class Scorer(nn.Module):
    def __init__(self, model, careless):
        super().__init__()
        self.model, self.careless = model, careless

    def forward(self, x):
        return self.model(x) + (torch.zeros(toy_config.CLASSES) if self.careless else 0)


@pytest.mark.parametrize("where", ["begin", "loss", "before_step", "after_step", "end", "keep", "predictor"])
def test_a_method_that_mixes_devices_is_found(where, tmp_path):
    two_updates(tmp_path / "cpu", Careless(where), accelerator="cpu")
    with fake_device():
        with pytest.raises((RuntimeError, ConfigError), match="Expected all tensors to be on the same device"):
            learned(tmp_path / "device", Careless(where), 1)
        learned(tmp_path / "device", Careless(), 1)
