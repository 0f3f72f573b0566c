"""Every task through whole lineages: metrics, forgetting, gaps, losses and options of the user's own."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.transaction.stream import write_config
from vernal.base import ConfigError, DataError
from vernal.cli import main
from vernal.config import Plan, load_config
from vernal.store import Store
from vernal.training import Training
from vernal.transaction import load_model, update

CONFIG = """
import torch
from torch import nn

from vernal import Chunk, DataModule
from vernal.tasks import Ranking, Regression, SequenceLabelling

OUTPUTS = {"multilabel": 3, "heteroscedastic": 4, "regression": 2, "ranking": 1, "segmentation": 3,
           "sequence_labelling": 3}
PLACED = ("ranking", "sequence_labelling")


def task_fn(task: str):
    return task


def model_fn(task: str) -> nn.Module:
    if task == "segmentation":
        return nn.Sequential(nn.Conv2d(2, 12, 1), nn.Tanh(), nn.Conv2d(12, 3, 1))
    return nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, OUTPUTS[task]))


def data_module_fn(task: str, chunk: int, gaps: bool = False) -> DataModule:
    generator = torch.Generator().manual_seed(chunk)

    def part(rows: int) -> Chunk:
        shape = (rows, 5) if task in PLACED else (rows, 4, 4) if task == "segmentation" else (rows,)
        x = torch.rand(*shape, 2, generator=generator)
        x[..., 0] += 1.5 * (chunk - 2)
        wave = (2 * x[..., 0]).sin()
        if task == "multilabel":
            y = torch.stack([wave > shift for shift in (-0.4, 0, 0.4)], -1)
            y = y.float() if gaps else y
        elif task in ("regression", "heteroscedastic"):
            y = torch.stack([wave, -wave], -1)
        else:
            y = (1.49 + 1.49 * wave).long()
        if gaps:
            y = y.float()
            y[::5, ..., 0] = torch.nan
        return Chunk.from_arrays(x.movedim(-1, 1) if task == "segmentation" else x, y, name=f"chunk {chunk}")

    return DataModule(train=part(48), validation=part(24))
"""

HEADLINES = {
    "multilabel": ("average_precision", True),
    "heteroscedastic": ("nll", False),
    "ranking": ("ndcg", True),
    "segmentation": ("mean_iou", True),
    "sequence_labelling": ("macro_f1", True),
    "regression": ("mae", False),
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(tmp_path_factory.mktemp("tasks"), CONFIG)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def plan(config: Path, task: str, chunk: int, method: Any = "er", budget: str = "30ep", **arguments: Any) -> Plan:
    arguments = {"task": task, "chunk": chunk, "lr": 0.02} | arguments
    training = Training(budget=budget, batch_size=8, accelerator="cpu")
    return Plan(config, method=method, arguments=arguments, training=training)


@pytest.mark.parametrize("method", ["er", "derpp"])
@pytest.mark.parametrize("task", sorted(HEADLINES))
def test_a_task_is_learned_measured_and_reported(
    task: str, method: str, config: Path, store: Store, tmp_path: Path
) -> None:
    results = [update(plan(config, task, chunk, method, "8ep"), store) for chunk in (1, 2, 3)]
    record = results[-1].record
    assert record["task"] == task
    headline, higher = record["metrics"]["headline"], record["metrics"]["higher_is_better"]
    assert (headline, higher) == HEADLINES[task]
    for row in record["metrics"]["validation"]:
        assert {headline, "loss"} <= row["before"].keys()
        assert all(math.isfinite(value) for when in ("before", "after") for value in row[when].values())
    assert math.isfinite(results[-1].summary["forgetting"])
    assert main(["report", "--store", store.url, "--output", str(tmp_path / "report.html")]) == 0
    assert headline in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("task", sorted(HEADLINES))
def test_forgetting_is_how_much_worse_than_at_its_best_a_chunk_is_now(task: str, config: Path, store: Store) -> None:
    results = [update(plan(config, task, chunk, "fine_tune"), store) for chunk in (1, 2, 3)]
    headline, higher = HEADLINES[task]
    lost = []
    for place in (0, 1):
        *earlier, now = [result.validation[place]["after"][headline] for result in results[place:]]
        lost.append(max(earlier) - now if higher else now - min(earlier))
    assert results[-1].summary["forgetting"] == pytest.approx(sum(lost) / 2)


def test_a_regression_that_gets_worse_has_forgotten(config: Path, store: Store) -> None:
    first, _, third = (update(plan(config, "regression", chunk, "fine_tune"), store) for chunk in (1, 2, 3))
    assert third.validation[0]["after"]["rmse"] > first.metrics["rmse"]
    assert third.summary["forgetting"] > 0


@pytest.mark.parametrize("method", ["er", "derpp", "ewc"])
@pytest.mark.parametrize("task", ["regression", "multilabel", "heteroscedastic"])
def test_a_target_that_is_unknown_is_left_out_or_refused(task: str, method: str, config: Path, store: Store) -> None:
    if task == "multilabel":
        for chunk in (1, 2):
            result = update(plan(config, task, chunk, method, "3ep", gaps=True), store)
        measured = [value for row in result.validation for value in row["after"].values() if value is not None]
        assert all(math.isfinite(value) for value in measured)
        assert all(math.isfinite(row["after"]["loss"]) for row in result.validation)
    else:
        with pytest.raises(DataError, match="with a target that is NaN"):
            update(plan(config, task, 1, method, "3ep", gaps=True), store)


def test_a_task_may_be_an_object_with_options(store: Store, tmp_path: Path) -> None:
    text = CONFIG.replace("    return task\n", "    return SequenceLabelling(tags=('O', 'B-X', 'I-X'))\n")
    result = update(plan(write_config(tmp_path / "own", text), "sequence_labelling", 1), store)
    assert result.record["metrics"]["headline"] == "span_f1"
    assert "span_f1" in result.metrics


def test_a_loss_of_ones_own_leaves_the_metrics_of_the_task(store: Store, tmp_path: Path) -> None:
    own = CONFIG + "\n\ndef loss_fn():\n    return lambda outputs, y: (outputs - y).abs().mean(1)\n"
    config = write_config(tmp_path / "own", own)
    for chunk in (1, 2):
        result = update(plan(config, "regression", chunk, "derpp", "3ep"), store)
    x, y = _validation(config, 2)
    with torch.no_grad():
        said = load_model(store, config)(x)
    assert result.metrics["loss"] == pytest.approx(float((said - y).abs().mean()), rel=1e-5)
    assert result.metrics["rmse"] == pytest.approx(float((said - y).square().mean().sqrt()), rel=1e-5)


def _validation(config: Path, chunk: int) -> Any:
    rows = load_config(config).call("data_module_fn", {"task": "regression", "chunk": chunk}).validation.rows
    leaves = rows.leaves(torch.arange(len(rows)))
    return leaves["x"], leaves["y"]


@pytest.mark.parametrize(
    ("given", "said"),
    [("'multilable'", "No task is called 'multilable'. Did you mean 'multilabel'"), ("3", "`task_fn` gives a int")],
)
def test_a_task_that_does_not_exist_is_refused(given: str, said: str, store: Store, tmp_path: Path) -> None:
    config = write_config(tmp_path / "own", CONFIG.replace("return task\n", f"return {given}\n"))
    with pytest.raises(ConfigError, match=said):
        update(plan(config, "multilabel", 1), store)


def test_a_method_that_does_not_serve_the_task_is_refused_with_those_that_do(config: Path, store: Store) -> None:
    with pytest.raises(ConfigError, match=r"'icarl' serves classification, and this is a segmentation\. .*er, "):
        update(plan(config, "segmentation", 1, "icarl"), store)
    assert store.records() == []


def test_a_check_says_what_the_task_is(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(config), "--data", "--task", "sequence_labelling", "--chunk", "1"]) == 0
    assert "sequence labelling" in capsys.readouterr().out.replace("_", " ")


def test_the_command_line_updates_any_task(config: Path, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--task", "ranking", "--chunk", "1", "--budget", "1ep", "--batch-size", "8"]
    assert main(["update", str(config), "--store", store.url, *words]) == 0
    capsys.readouterr()
    assert main(["show", "--store", store.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["task"] == "ranking"
