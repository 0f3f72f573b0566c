"""A loaded model is ready to predict, and loading it leaves no trace."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.data.datasets import global_states
from tests.methods.outsiders import NearestMean
from tests.transaction.stream import CONFIG, plan, write_config
from vernal.base import ConfigError
from vernal.config import load_config
from vernal.methods import Method, RanPAC
from vernal.testing import toy_config
from vernal.testing.toys import toy_update
from vernal.transaction import Result, load_model, update


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


PREDICTING = ["ncm", "slda", "fecam", "cls_er", "super_er", "icarl", "budgeted", RanPAC(projections=16), "er"]


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("method", PREDICTING)
def test_what_comes_back_predicts_as_was_measured(method: Method | str, growing: bool, tmp_path: Path) -> None:
    results = [toy_update(tmp_path, method, chunk, growing=growing, budget="8ep") for chunk in (1, 2)]
    for result in results:
        assert _accuracy(load_model(tmp_path, toy_config.__file__, result.id), result) == result.metrics["accuracy"]


def test_a_method_of_ones_own_is_asked_for_and_used(tmp_path: Path) -> None:
    result = toy_update(tmp_path, NearestMean(), 1)
    with pytest.raises(ConfigError, match="trained with .*NearestMean.*Pass an object of it"):
        load_model(tmp_path, toy_config.__file__)
    own = NearestMean()
    model = load_model(tmp_path, toy_config.__file__, method=own)
    assert _accuracy(model, result) == result.metrics["accuracy"]
    assert not own.state_dict()["sums"], "the caller's object is left alone"


def test_a_method_that_the_config_gives_need_not_be_passed(tmp_path: Path) -> None:
    text = (
        CONFIG + "\n\nfrom tests.methods.outsiders import NearestMean\n\n\ndef method_fn():\n    return NearestMean()\n"
    )
    config = write_config(tmp_path / "project", text)
    update(plan(config, 1, load_config(config).call("method_fn", {})), tmp_path / "store")
    assert load_model(tmp_path / "store", config)(torch.zeros(2, 4)).shape == (2, 3)


def _accuracy(model: torch.nn.Module, result: Result) -> float:
    """Of a model on the validation rows of a toy chunk, as a record has it."""
    held = toy_config.data_module_fn(int(result.record["number"])).validation
    assert held is not None
    leaves = held.rows.leaves(torch.arange(len(held)))
    with torch.no_grad():
        right = (model(leaves["x"]).argmax(1) == leaves["y"]).double()
    return float(right.mean())
