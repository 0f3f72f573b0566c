"""Updates of several trainings: how they share the budget, and go on after an interruption in any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.methods.outsiders import NearestMean
from tests.transaction.stream import copy_of, outcome, plan
from vernal.memory import Policy, Reservoir
from vernal.methods import RD, Method, Setting, Stage, Step
from vernal.store import Store
from vernal.testing import toy_config
from vernal.testing.toys import InterruptAfter, toy_plan
from vernal.transaction import load_model, update

HEARD: list[str] = []


@dataclass
class WarmUp(Method):
    """Look at the chunk, train a while with random directions, and go on from there with replay.

    Args:
        memory_size: rows kept.
    """

    memory_size: int = 20

    def __post_init__(self) -> None:
        self._stage, self._warm, self._scale = "", dict[str, Tensor](), torch.ones(())

    def policy(self) -> Policy:
        """A sample of all rows."""
        return Reservoir(self.memory_size)

    def stages(self, first: bool) -> tuple[Stage, ...]:
        """No warm-up in a first update."""
        last = Stage("main", 1.0 if first else 0.7)
        return (Stage("look", 0), last) if first else (Stage("look", 0), Stage("warm-up", 0.3), last)

    def enter(self, stage: Stage) -> None:
        """Remember which it is."""
        self._stage = stage.name
        HEARD.append(stage.name)

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """The champion; in the main training, with the weights of the warm-up."""
        if self._stage == "main" and self._warm:
            champion.load_state_dict(self._warm)
        return champion

    def loss(self, step: Step) -> Tensor:
        """The loss, with noise while it warms up, and that of replayed rows afterwards."""
        loss = self._scale * step.criterion(step.logits, step.y)
        if self._stage == "warm-up":
            return loss * (0.5 + torch.rand(()))
        if len(step.memory):
            old = step.memory.draw(8)
            loss = loss + step.criterion(step.outputs(old["x"]), old["y"])
        return loss

    def end(self, setting: Setting) -> None:
        """What one stage leaves to the next."""
        if self._stage == "look":
            self._scale = 1 / (1 + torch.stack([x.std() for x, _ in setting.batches()]).mean())
        self._warm = {}
        if self._stage == "warm-up":
            self._warm = {name: value.detach().clone() for name, value in setting.model.module.state_dict().items()}

    def state_dict(self) -> dict[str, Any]:
        """What one stage leaves to the next."""
        return {"warm": self._warm, "scale": self._scale}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        self._warm, self._scale = dict(state["warm"]), state["scale"]


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    """A store with one update."""
    update(toy_plan(WarmUp(), 1), tmp_path / "parent")
    HEARD.clear()
    return tmp_path / "parent"


def second(budget: str = "10st", method: Method | None = None) -> Any:
    return toy_plan(method or WarmUp(), 2, budget=budget, checkpoint_minutes=0)


@pytest.mark.parametrize(
    ("budget", "steps", "epochs"), [("10st", 3 + 7, 1 + 2), ("10ep", 3 * (3 + 7), 3 + 7), ("120sa", 3 + 7, 1 + 2)]
)
def test_stages_share_the_budget(budget: str, steps: int, epochs: int, parent: Path) -> None:
    training = update(second(budget), parent).record["training"]
    assert HEARD == ["look", "warm-up", "main"]
    assert training["steps"] == steps
    assert training["epochs"] == pytest.approx(epochs, abs=1)
    assert training["stopped"] == "budget"


def test_what_was_trained_and_replayed_is_counted_over_all_stages(parent: Path) -> None:
    record = update(second("10ep"), parent).record
    assert record["training"]["samples"] == 10 * 40
    assert record["training"]["replayed"] == 7 * 3 * 8
    assert record["costs"]["samples"] == 400 + 168
    assert len(record["training"]["losses"]) == 10


@pytest.mark.parametrize("step", [1, 2, 3, 4, 7, 10])
def test_an_update_goes_on_in_the_stage_in_which_it_was_interrupted(step: int, parent: Path) -> None:
    whole = copy_of(parent, "whole")
    update(second(), whole)
    with pytest.raises(KeyboardInterrupt):
        update(second(), parent, reporter=InterruptAfter(step))
    HEARD.clear()
    assert update(second(), parent).record["training"]["resumed"]
    rest = ["main"] if step > 3 else ["warm-up", "main"]
    assert rest == HEARD
    assert outcome(Store(parent)) == outcome(Store(whole))


@pytest.mark.parametrize("step", [2, 5, 6, 9])
def test_a_distillation_of_an_expert_goes_on_bit_for_bit(step: int, tmp_path: Path) -> None:
    method = RD(memory_size=20, memory_batch=8)
    parent = tmp_path / "rd"
    update(toy_plan(method, 1), parent)
    whole = copy_of(parent, "whole")
    update(second(method=method), whole)
    with pytest.raises(KeyboardInterrupt):
        update(second(method=method), parent, reporter=InterruptAfter(step))
    assert update(second(method=method), parent).record["training"]["resumed"]
    assert outcome(Store(parent)) == outcome(Store(whole))


@dataclass
class Disturbed(NearestMean):
    """Nearest means whose computation is interrupted, if somebody wants that."""

    wanted = 0

    def end(self, setting: Setting) -> None:
        """Ctrl-C when all is computed."""
        super().end(setting)
        if Disturbed.wanted:
            Disturbed.wanted -= 1
            raise KeyboardInterrupt


def test_a_closed_form_that_is_interrupted_leaves_no_trace_and_is_done_again(tmp_path: Path) -> None:
    store, whole = Store(tmp_path / "store"), Store(tmp_path / "whole")
    for one in (store, whole):
        update(toy_plan(Disturbed(), 1), one)
    update(toy_plan(Disturbed(), 2), whole)
    champion = store.champion
    Disturbed.wanted = 1
    with pytest.raises(KeyboardInterrupt):
        update(toy_plan(Disturbed(), 2), store)
    assert store.champion == champion
    assert not update(toy_plan(Disturbed(), 2), store).record["training"]["resumed"]
    assert outcome(store) == outcome(whole)


def test_an_interruption_between_training_and_end_goes_on_at_the_end(config: Path, tmp_path: Path) -> None:
    """The checkpoint after the last step is there, and the end of the training is not."""
    store, whole = Store(tmp_path / "store"), Store(tmp_path / "whole")
    update(plan(config, 1, EndsLate()), whole)
    EndsLate.wanted = 1
    with pytest.raises(KeyboardInterrupt):
        update(plan(config, 1, EndsLate()), store)
    assert update(plan(config, 1, EndsLate()), store).record["training"]["resumed"]
    assert outcome(store) == outcome(whole)


@dataclass
class EndsLate(Method):
    """Fine-tuning with an end that is interrupted, if somebody wants that."""

    wanted = 0

    def end(self, setting: Setting) -> None:  # noqa: ARG002
        """Ctrl-C."""
        if EndsLate.wanted:
            EndsLate.wanted -= 1
            raise KeyboardInterrupt


def test_what_predicts_after_a_closed_form_is_what_was_measured(tmp_path: Path) -> None:
    result = update(toy_plan(Disturbed(), 1), tmp_path / "store")
    model = load_model(tmp_path / "store", toy_config.__file__, method=Disturbed())
    rows = toy_config.data_module_fn(1).validation.rows.leaves(torch.arange(24))
    right = model(rows["x"]).argmax(1) == rows["y"]
    assert result.metrics["accuracy"] == pytest.approx(float(right.float().mean()))
