"""Models with a head for each task: rows say by `task_id` to which they belong."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.transaction.stream import outcome, write_config
from vernal.base import ConfigError
from vernal.config import Plan
from vernal.memory import Memory
from vernal.methods import method_names
from vernal.state import unpack
from vernal.store import Store
from vernal.testing.toys import InterruptAfter
from vernal.training import Training
from vernal.transaction import Result, load_model, update

CONFIG = """
import torch
from torch import nn

from vernal import Chunk, DataModule
from vernal.models import MultiHead


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 8), nn.ReLU())
        self.head = MultiHead(8)

    def forward(self, x):
        return self.head(self.body(x["features"]), x["task_id"])


def model_fn() -> nn.Module:
    return Net()


def data_module_fn(tasks: list[int], classes: int = 2) -> DataModule:
    generator = torch.Generator().manual_seed(sum(10**task for task in tasks))

    def chunk(rows: int) -> Chunk:
        # The same place means another class in every task.
        y, task_id = torch.arange(rows) % classes, torch.tensor(tasks)[torch.arange(rows) // classes % len(tasks)]
        x = 3.0 * ((y + task_id) % classes)[:, None] + 0.3 * torch.randn(rows, 2, generator=generator)
        return Chunk.from_arrays({"features": x, "task_id": task_id}, y, name=str(tasks))

    return DataModule(train=chunk(48), validation=chunk(24))
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(tmp_path_factory.mktemp("heads"), CONFIG)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def plan(config: Path, tasks: list[int], method: Any = "er", classes: int = 2, **training: Any) -> Plan:
    options = {"budget": "8ep", "batch_size": 8, "accelerator": "cpu"} | training
    return Plan(
        config, method, arguments={"tasks": tasks, "classes": classes, "lr": 0.03}, training=Training(**options)
    )


def state_of(store: Store, result: Result, name: str = "model") -> Any:
    return unpack(store.blobs.get(store.resolve(result.record["artefacts"][name]["blob"])))


def said(model: torch.nn.Module, task_id: int, place: float) -> int:
    x = {"features": torch.full((1, 2), place), "task_id": torch.tensor([task_id])}
    return int(model(x).argmax())


def test_every_task_gets_a_head_when_it_comes(config: Path, store: Store) -> None:
    first = update(plan(config, [4]), store)
    assert {name for name in state_of(store, first) if "heads" in name} == {"head.heads.4.weight", "head.heads.4.bias"}
    second = state_of(store, update(plan(config, [1], classes=3), store))
    assert {name: len(value) for name, value in second.items() if name.endswith("weight") and "heads" in name} == {
        "head.heads.1.weight": 3,
        "head.heads.4.weight": 2,
    }


def test_the_task_of_a_row_decides_what_is_said(config: Path, store: Store) -> None:
    for tasks in ([0], [1]):
        result = update(plan(config, tasks), store)
    model = load_model(store, config)
    assert [said(model, task, place) for task in (0, 1) for place in (0.0, 3.0)] == [0, 1, 1, 0]
    assert [row["after"]["accuracy"] for row in result.validation] == [1, 1]


@pytest.mark.parametrize("method", ["er", "derpp"])
def test_tasks_are_replayed_side_by_side(method: str, config: Path, store: Store) -> None:
    for tasks in ([0, 2], [1], [0, 1]):
        result = update(plan(config, tasks, method), store)
    memory = Memory.from_tree(state_of(store, result, "memory"), store.blobs)
    assert set(memory.leaves(torch.arange(len(memory)))["x.task_id"].tolist()) == {0, 1, 2}
    assert all(row["after"]["accuracy"] > 0.9 for row in result.validation)


def test_stored_scores_are_unknown_where_a_task_has_no_such_class(config: Path, store: Store) -> None:
    for tasks, classes in (([0], 2), ([1], 3), ([0, 1], 3)):
        result = update(plan(config, tasks, "derpp", classes), store)
        assert all(math.isfinite(loss) for loss in result.record["training"]["losses"])
        assert all(math.isfinite(row["after"]["loss"]) for row in result.validation)


@pytest.mark.parametrize("method", method_names())
def test_a_method_learns_task_by_task_or_says_that_it_cannot(method: str, config: Path, store: Store) -> None:
    try:
        for tasks in ([0], [1], [0, 2]):
            result = update(plan(config, tasks, method, budget="2ep"), store)
    except ConfigError as error:
        assert "head" in str(error)  # noqa: PT017 - either end will do
    else:
        assert all(math.isfinite(loss) for loss in result.record["training"]["losses"])
        assert all(math.isfinite(row["after"]["loss"]) for row in result.validation)


def test_an_update_that_brings_a_task_is_resumed_bit_for_bit(config: Path, store: Store, tmp_path: Path) -> None:
    broken, second = Store(tmp_path / "broken"), plan(config, [1, 3], "derpp", checkpoint_minutes=0)
    for one in (store, broken):
        update(plan(config, [0], "derpp"), one)
    update(second, store)
    with pytest.raises(KeyboardInterrupt):
        update(second, broken, reporter=InterruptAfter(4))
    assert update(second, broken).record["training"]["resumed"]
    assert outcome(broken) == outcome(store)
