"""The champion as methods see it: as it was, and silent about classes that it never knew."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.transaction.stream import plan, write_config
from vernal.methods import Distil, Method, Step
from vernal.transaction import load_model, update

ONE_HEAD = """
import torch
from torch import nn

from vernal import Chunk, DataModule
from vernal.models import GrowingHead


def model_fn() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), GrowingHead(8, bias=False), nn.Identity())


def data_module_fn(number: int) -> DataModule:
    generator = torch.Generator().manual_seed(number)
    y = torch.arange(32) % (2 * number)
    return DataModule(train=Chunk.from_arrays(torch.randn(32, 4, generator=generator), y))
"""

HEAD_A_TASK = """
import torch
from torch import nn

from vernal import Chunk, DataModule
from vernal.models import MultiHead


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = MultiHead(4)

    def forward(self, x):
        return self.head(x["features"], x["task_id"])


def model_fn() -> nn.Module:
    return Net()


def data_module_fn(number: int) -> DataModule:
    # Task 0 gets a class more in the second chunk, and task 1 comes anew.
    rows = [({"features": torch.full((4,), i / 32), "task_id": i % number}, i // 2 % (1 + number)) for i in range(32)]
    return DataModule(train=Chunk(rows))
"""

SEEN: list[tuple[Any, Tensor]] = []


@dataclass
class Watching(Method):
    """Fine-tuning that notes what the champion says."""

    def loss(self, step: Step) -> Tensor:
        """The loss on the new batch."""
        if step.champion is not None:
            SEEN.append((step.x, step.taught(step.x)))
        return step.criterion(step.logits, step.y)


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()


def test_a_grown_head_says_minus_infinity_to_new_classes_and_else_what_it_said(tmp_path: Path) -> None:
    config, store = write_config(tmp_path / "project", ONE_HEAD), tmp_path / "store"
    first, second = (update(plan(config, number, Watching()), store) for number in (1, 2))
    assert load_model(store, config, second.id, method=Watching())(torch.zeros(1, 4)).shape == (1, 4)
    champion = load_model(store, config, first.id, method=Watching())
    assert len(SEEN) == second.record["training"]["steps"]
    for x, taught in SEEN:
        torch.testing.assert_close(taught[:, :2], champion(x), rtol=0, atol=0)
        assert bool(taught[:, 2:].isneginf().all())
        assert not taught.requires_grad


def test_a_new_head_and_a_grown_one_of_many_are_silent_about_what_is_new(tmp_path: Path) -> None:
    config, store = write_config(tmp_path / "project", HEAD_A_TASK), tmp_path / "store"
    for number in (1, 2):
        update(plan(config, number, Watching()), store)
    x, taught = SEEN[0]
    assert taught.shape[1] == 3
    known = taught.isfinite()
    assert known[x["task_id"] == 0].tolist() == [[True, True, False]] * int((x["task_id"] == 0).sum())
    assert not bool(known[x["task_id"] == 1].any())


@pytest.mark.parametrize("text", [ONE_HEAD, HEAD_A_TASK])
@pytest.mark.parametrize("term", ["distil", "compatible"])
def test_terms_learn_where_heads_grow(term: str, text: str, tmp_path: Path) -> None:
    config, store = write_config(tmp_path / "project", text), tmp_path / "store"
    method = "er" if text is ONE_HEAD else Watching()
    for number in (1, 2, 3):
        result = update(_with(plan(config, number, method), term), store)
        assert all(torch.isfinite(torch.tensor(result.record["training"]["losses"])))


def test_the_classes_of_a_head_that_did_not_grow_are_all_said(tmp_path: Path) -> None:
    config, store = write_config(tmp_path / "project", ONE_HEAD), tmp_path / "store"
    for seed_number in (2, 1):
        update(plan(config, seed_number, Watching()), store)
    assert all(bool(taught.isfinite().all()) for _, taught in SEEN)


def _with(made: Any, term: str) -> Any:
    return dataclasses.replace(made, terms=[term])


OTHER_BACKBONE = """
import torch
from torch import nn

from vernal import Chunk, DataModule


def previous_model_fn() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))


def model_fn(new: bool = False) -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)) if new else previous_model_fn()


def data_module_fn(number: int) -> DataModule:
    generator = torch.Generator().manual_seed(number)
    x = torch.randn(96, 4, generator=generator)
    y = torch.randint(3, (96,), generator=generator) if number > 1 else x[:, :3].argmax(1)
    return DataModule(train=Chunk.from_arrays(x, y))
"""


def test_a_new_backbone_takes_over_what_the_champion_says(tmp_path: Path) -> None:
    # The labels of the second chunk are noise: what is right about it can only come from the champion.
    config, x = (
        write_config(tmp_path / "project", OTHER_BACKBONE),
        torch.randn(500, 4, generator=torch.Generator().manual_seed(9)),
    )
    right, training = {}, {"budget": "20ep", "checkpoint_minutes": 5}
    for weight in (0.0, 10.0):
        store = tmp_path / f"store {weight}"
        update(plan(config, 1, "fine_tune", arguments={"lr": 0.03}, **training), store)
        second = plan(config, 2, "fine_tune", arguments={"lr": 0.03, "new": True}, **training)
        update(dataclasses.replace(second, terms=[Distil(weight)]), store)
        answers = load_model(store, config)(x).argmax(1)
        right[weight] = float((answers == x[:, :3].argmax(1)).double().mean())
    assert right[0.0] < 0.5
    assert right[10.0] > 0.8
