"""The data module may draw random numbers: the plan's seed decides them, and the caller's draws are not disturbed."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.data.datasets import global_states
from tests.transaction.stream import write_config
from vernal.config import Plan, resolve
from vernal.transaction.new_data import read_data

RANDOM_SPLIT = """
import random

import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset, random_split

from vernal import DataModule


class Random(DataModule):
    def __init__(self, noise) -> None:
        super().__init__()
        self.noise = noise

    def setup(self) -> None:
        x = torch.arange(40.0)[:, None] + self.noise + random.random() + np.random.rand()
        self.train, self.validation = random_split(TensorDataset(x, torch.arange(40)), [0.8, 0.2])


def model_fn() -> nn.Module:
    return nn.Linear(1, 40)


def data_module_fn() -> DataModule:
    return Random(torch.rand(1))
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(write_config(tmp_path, RANDOM_SPLIT))


def at_once(prepare: Callable[[], None]) -> None:
    prepare()


def fingerprints(plan: Plan) -> dict[str, str | None]:
    return read_data(resolve(plan), at_once).fingerprints


def test_a_random_split_is_the_same_whatever_was_drawn_before(plan: Plan) -> None:
    first = fingerprints(plan)
    torch.rand(3), np.random.rand(3), random.random()
    assert fingerprints(plan) == first


def test_a_random_split_depends_on_the_seed_of_the_plan(plan: Plan) -> None:
    assert fingerprints(Plan(plan.config, seed=1)) != fingerprints(plan)


def test_bringing_the_data_draws_nothing_from_the_callers_generators(plan: Plan) -> None:
    before = global_states()
    fingerprints(plan)
    assert global_states() == before
