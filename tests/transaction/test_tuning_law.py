"""The law of tuning: an update that was tuned is, bit for bit, a plain one with the chosen values."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tests.transaction.searching import RATE, Heard, fixed, made, ranged
from tests.transaction.stream import CONFIG, copy_of, plan, write_config
from vernal.config import Plan
from vernal.methods import ER, NCM, DERpp, method_name, method_names
from vernal.space import choice, uniform
from vernal.state import unpack
from vernal.store import Store
from vernal.testing.toys import toy_plan
from vernal.transaction import tune, update

RESTLESS = (
    CONFIG
    + """

class Restless(nn.Module):
    def forward(self, x):  # It draws in evaluation, too.
        return x + 0.1 * torch.randn_like(x)


def model_fn(width: int = 8, dropout: float = 0.2) -> nn.Module:
    layers = nn.Linear(4, width), nn.BatchNorm1d(width), nn.Dropout(dropout), Restless(), nn.Linear(width, 3)
    return nn.Sequential(*layers)


def train_transform():
    return lambda x: x + 0.1 * torch.randn_like(x)


def test_transform():
    return lambda x: x + 0.01 * torch.randn_like(x)
"""
)


@pytest.fixture(autouse=True)
def _threads(threads: None) -> None:
    """No processes in these tests."""


def law(tuned: Plan, store: Path) -> dict[str, Any]:
    """Tune one store and not its copy; the summary of the search."""
    plain, heard = copy_of(store, "plain"), Heard()
    record = update(tuned, store, reporter=heard).record
    config = record["tuning"]["config"]
    update(fixed(tuned, config), plain)
    assert made(store) == made(plain)
    assert not any(note.startswith("checkpoint after") for note in heard.notes)  # Nothing was trained again.
    assert Store(store).verify() == []
    return record["tuning"]


TWO_STAGES = ["super_er", "rd"]
FAST = ["derpp", "ncm", *TWO_STAGES]
METHODS = [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in method_names()]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_the_law_and_a_trial_leaves_nothing_to_the_next_one(method: str, tmp_path: Path) -> None:
    """Whatever a method, a module or the parent kept from trial to trial would show in losses and measures."""
    store = tmp_path / "store"
    update(toy_plan(method, 1), store)
    plain = copy_of(store, "plain")
    tuned = ranged(toy_plan(method, 2), max_trials=3)
    searched = tune(tuned, store)
    alone = {}
    for trial in searched.past.trials:
        alone[trial.number] = one = copy_of(plain, f"alone {trial.number}")
        record = update(fixed(tuned, dict(trial.config)), one).record
        file = searched.folder.parent.parent / str(trial.number) / "1" / "checkpoint.safetensors"
        assert file.exists() == bool(record["training"]["steps"])
        if file.exists():
            losses = unpack(file.read_bytes())["tree"]["state"]["losses"]  # of the last stage
            assert losses == record["training"]["losses"][-len(losses) :]
        old, new = (row["after"] for row in record["metrics"]["validation"])
        for name, value in trial.final.items():
            part, _, measure = name.partition(".")
            if measure and measure in old:
                assert value == pytest.approx({"old": old, "new": new}[part][measure])
    update(tuned, store)
    assert made(store) == made(alone[searched.summary["chosen"]])


TRAININGS: list[dict[str, Any]] = [
    {"budget": "4ep", "patience": 1},
    {"budget": "6ep", "patience": 2, "monitor": "accuracy"},
    {"budget": "37st"},
    {"budget": "11st", "patience": 1},
    {"budget": "3st", "accumulate": 2},
    {"budget": "130sa"},
    {"budget": "3ep", "accumulate": 2, "clip_norm": 0.5},
    {"budget": "2ep", "checkpoint_minutes": 5},
]


@pytest.mark.parametrize("training", TRAININGS, ids=str)
@pytest.mark.parametrize("scheduler", ["random", "asha:eta=2"])
def test_every_budget_keeps_the_law(training: dict[str, Any], scheduler: str, store: Path, config: Path) -> None:
    law(ranged(plan(config, 2, **training), scheduler=scheduler, workers=2), store)


@pytest.mark.parametrize(("number", "patience"), [(1, None), (2, None), (2, 1)])
def test_what_is_drawn_in_between_disturbs_nothing(number: int, patience: int | None, tmp_path: Path) -> None:
    """Transforms and models that draw at random, in training and in evaluation, dropout and running statistics."""
    config, store = write_config(tmp_path / "project", RESTLESS), tmp_path / "store"
    store.mkdir()
    for before in range(1, number):
        update(plan(config, before, "derpp"), store)
    space = {"lr": RATE, "dropout": uniform(0.0, 0.5)}
    law(ranged(plan(config, number, "derpp", patience=patience, budget="4ep"), space, workers=2), store)


@pytest.mark.parametrize("method", ["er", "derpp", "icarl"])
def test_growing_heads_keep_the_law_over_three_updates(method: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    for chunk in (1, 2, 3):
        law(ranged(toy_plan(method, chunk, growing=True), scheduler="asha:eta=2"), store)


def test_a_choice_of_methods_and_of_their_options_keeps_the_law(tmp_path: Path) -> None:
    store = tmp_path / "store"
    update(toy_plan("er", 1), store)
    methods = [ER(memory_size=30), DERpp(memory_size=30), NCM()]
    asked = dataclasses.replace(toy_plan("er", 2), method=methods, change_method=True)
    space = {"lr": RATE, "memory_batch": choice(4, 8), "batch_size": choice(8, 16), "derpp.alpha": uniform(0.1, 1)}
    searched = tune(ranged(asked, space, max_trials=8), store)
    assert {trial.config["method"] for trial in searched.past.trials} == {"er", "derpp", "ncm"}
    for trial in searched.past.trials:
        assert trial.status == "complete", trial.error
        assert ("derpp.alpha" in trial.config) == (trial.config["method"] == "derpp")
    plain, config = copy_of(store, "plain"), dict(searched.summary["config"])
    update(ranged(asked, space, max_trials=8), store)
    name = config.pop("method")
    method = next(one for one in methods if method_name(one) == name)
    options = {name.rpartition(".")[2]: config.pop(name) for name in ("memory_batch", "derpp.alpha") if name in config}
    training = dataclasses.replace(asked.training, batch_size=config.pop("batch_size"))
    changed = dataclasses.replace(asked, method=dataclasses.replace(method, **options), training=training)
    update(fixed(changed, config), plain)
    assert made(store) == made(plain)


@pytest.mark.parametrize(
    "scheduler", ["random", "hyperband", "tpe", "asha", "pasha", "rush", "enqueue", "bounding_box"]
)
def test_the_same_seed_makes_the_same_trials(scheduler: str, store: Path, config: Path) -> None:
    other = copy_of(store, "other")
    found = [tune(ranged(plan(config, 2), scheduler=scheduler, max_trials=6), one).past for one in (store, other)]
    assert [_timeless(past.trials) for past in found][0] == [_timeless(past.trials) for past in found][1]


@pytest.mark.parametrize("scheduler", ["random", "hyperband"])
def test_two_workers_make_the_same_trials_as_one_where_the_search_is_synchronous(
    scheduler: str, store: Path, config: Path
) -> None:
    found = []
    for workers in (1, 3):
        searched = tune(
            ranged(plan(config, 2, budget="4ep"), scheduler=scheduler, max_trials=5, workers=workers),
            copy_of(store, f"with {workers}"),
        )
        found.append((_timeless(searched.past.trials), searched.summary["chosen"]))
    assert found[0] == found[1]


def _timeless(trials: Any) -> list[Any]:
    def measures(one: Any) -> Any:
        return None if one is None else {name: value for name, value in one.items() if name != "seconds"}

    return [(t.config, t.origin, t.status, [*map(measures, t.curve)], measures(t.final)) for t in trials]
