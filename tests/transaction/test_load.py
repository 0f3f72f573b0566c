"""A loaded model is ready to predict, and loading it leaves no trace."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.data.datasets import global_states
from tests.transaction.stream import CONFIG, plan, write_config
from vernal.transaction import load_model, update


def test_a_loaded_model_is_in_evaluation_mode(store: Path, config: Path) -> None:
    assert not load_model(store, config).training


def test_loading_draws_nothing_from_the_callers_generators(store: Path, config: Path) -> None:
    before = global_states()
    load_model(store, config)
    assert global_states() == before


ELSEWHERE = (
    CONFIG
    + """

class Elsewhere(nn.Linear):
    def cpu(self):
        self.brought_back = True
        return super().cpu()


def model_fn() -> nn.Module:
    return Elsewhere(4, 3)
"""
)


def test_a_loaded_model_is_brought_to_cpu_wherever_it_is_built(tmp_path: Path) -> None:
    config = write_config(tmp_path / "project", ELSEWHERE)
    update(plan(config, 1), tmp_path / "store")
    assert load_model(tmp_path / "store", config).brought_back


def test_a_loaded_model_is_that_of_the_update(store: Path, config: Path) -> None:
    one, other = load_model(store, config), load_model(store, config)
    x = torch.randn(5, 4)
    assert torch.equal(one(x), other(x))
