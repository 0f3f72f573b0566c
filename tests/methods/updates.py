"""Updates of a toy model at the level of a method's hooks: on any device, in any precision, for any task."""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vernal.methods import Method, Network, Setting, Step, method_class
from vernal.tasks import Task, task_class
from vernal.testing import toy_config
from vernal.training import Feed, Transforms, mean_loss

ROWS, STEPS = 12, 2
SMALL = {
    "memory_size": 20,
    "memory_batch": 8,
    "plastic_decay": 0.8,
    "stable_decay": 0.8,
    "layers": ("0",),
    "projections": 64,
}
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Learned:
    """What an update leaves.

    Args:
        method: as it was used.
        model: as it was trained.
        losses: of every step.
        batch: the rows, and what the method keeps with them.
        scores: what the predictor says to them.
    """

    method: Method
    model: nn.Module
    losses: list[Tensor]
    batch: dict[str, Any]
    scores: Tensor

    def all_finite(self) -> bool:
        """Whether there is no NaN and no overflow; to classes that it never saw, a predictor may say minus infinity."""
        scores = torch.where(self.scores == -torch.inf, self.scores.amax(), self.scores)
        return all(bool(value.isfinite().all()) for value in (*self.losses, *self.model.parameters(), scores))


class Same:
    """A memory that gives the same rows at every draw."""

    def __init__(self, batch):
        self._batch = batch

    def __len__(self):
        return ROWS

    def draw(self, count):
        return self._batch


def made(name: str, **options: Any) -> Method:
    """A method, with hyperparameters that suit a toy."""
    kind = method_class(name)
    small = {option: value for option, value in SMALL.items() if option in inspect.signature(kind).parameters}
    return kind(**small | options)


def two_updates(name: str, task: str, device: torch.device = CPU, dtype: torch.dtype = torch.float32) -> list[Learned]:
    """Two updates; the second one begins with the state of the first, which lies on the CPU then."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        fresh = toy_config.model_fn(task).to(device, dtype)
        first = _updated(made(name), fresh, batch_of(1, task, device, dtype), None, task)
        method = made(name)
        method.load_state_dict(_on_cpu(first.method.state_dict()))
        return [first, _updated(method, first.model, batch_of(2, task, device, dtype), first.batch, task)]


def batch_of(chunk: int, task: str, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    rows = toy_config.data_module_fn(chunk, ROWS, task).train.rows
    batch = Feed(rows, Transforms(), device, 0).batch(torch.arange(ROWS), "all")
    return batch | {"x": batch["x"].to(dtype)}


def _updated(method: Method, champion: nn.Module, batch: dict[str, Any], old: Any, task: str) -> Learned:
    kind = task_class(task)()
    frozen = Network(copy.deepcopy(champion).eval().requires_grad_(False), task=kind)
    losses, model = [], champion
    for stage in method.stages(first=old is None):
        method.enter(stage)
        model = method.start(copy.deepcopy(champion), lambda: copy.deepcopy(champion))
        setting = _setting(Network(model.eval(), task=kind), batch, kind, None if old is None else lambda: frozen)
        method.begin(setting)
        losses += _trained(method, setting, batch, Same(old) if old else (), STEPS if stage.share else 0)
        method.end(setting)
    with torch.no_grad():
        kept = method.keep(setting.model, batch["x"])
        scores = kind.scores(method.predictor(model).eval()(batch["x"]))
    # A memory stores decimal numbers as float32, whatever they were.
    return Learned(method, model, losses, batch | {name: value.float() for name, value in kept.items()}, scores)


def _setting(network: Network, batch: dict[str, Any], task: Task, old: Any) -> Setting:
    def batches():
        return zip(torch.split(batch["x"], 8), torch.split(batch["y"], 8), strict=True)

    return Setting(network, mean_loss(task.losses), batches, batches, task, old)


def _trained(method: Method, setting: Setting, batch: dict[str, Any], memory: Any, steps: int) -> list[Tensor]:
    model, losses = setting.model.module.train(), []
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for number in range(steps):
        step = Step(
            model=setting.model,
            x=batch["x"],
            y=batch["y"],
            criterion=setting.criterion,
            memory=memory,
            n_new=ROWS,
            n_before=len(memory),
            done=number / steps,
            task=setting.task,
            old=setting.old,
        )
        losses.append(method.loss(step))
        losses[-1].backward()
        method.before_step(model)
        optimizer.step()
        optimizer.zero_grad()
        method.after_step(model)
    model.eval()
    return losses


def _on_cpu(state: Any) -> Any:
    if isinstance(state, Tensor):
        return state.detach().cpu()
    return {name: _on_cpu(value) for name, value in state.items()} if isinstance(state, dict) else state
