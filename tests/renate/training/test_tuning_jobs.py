"""Jobs with ranges: the reference's call, for two updates, the second of which learns from the first."""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
import torch

from tests.renate.snippets import checkpoint, run_job, write_config
from vernal.base import ConfigError, ConflictError
from vernal.renate.config_space import choice, loguniform, uniform
from vernal.transaction import Result

# The configuration space of Renate's documentation, and hyperparameters that depend on one another.
SPACE = {
    "learning_rate": loguniform(0.01, 1),
    "optimizer": choice(["SGD", "Adam"]),
    "weight_decay": 0.001,
    "batch_size": choice([10, 20]),
    "batch_memory_frac": uniform(0.2, 0.8),
    "memory_size": 30,
    "max_epochs": 3,
}
SEED = 3  # With it, the second job chooses values that no default is.
TUNED = ("learning_rate", "optimizer", "batch_size", "batch_memory_frac")


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "hpo.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def same(one: Path, other: Path) -> bool:
    a, b = checkpoint(one), checkpoint(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jobs")


@pytest.fixture(scope="module")
def config(folder: Path) -> Path:
    return write_config(folder)


@pytest.fixture(scope="module")
def first(config: Path, folder: Path) -> Result:
    return run_job(config, folder / "first", config_space=SPACE, scheduler="rush", max_num_trials_started=4, seed=SEED)


@pytest.fixture(scope="module")
def second(config: Path, folder: Path, first: Result) -> Result:  # noqa: ARG001
    return run_job(
        config, folder / "second", config_space=SPACE, scheduler="rush", max_num_trials_started=3, n_workers=2,
        seed=SEED, chunk_id=1, input_state_url=folder / "first",
    )  # fmt: skip


# What is found


@pytest.mark.journey
def test_a_later_job_begins_where_the_earlier_one_ended(first: Result, second: Result) -> None:
    tuning = second.record["tuning"]
    assert (tuning["scheduler"], tuning["transfer"], tuning["past"]) == ("RUSH", "enqueue", [first.id])
    assert second.record["parent"] == first.id
    assert {*tuning["config"]} == {*TUNED}


@pytest.mark.journey
@pytest.mark.parametrize("job", ["first", "second"])
def test_the_values_that_were_chosen_give_the_same_weights_bit_for_bit(
    job: str, config: Path, folder: Path, first: Result, second: Result
) -> None:
    result, chunk = (first, 0) if job == "first" else (second, 1)
    fixed = {"weight_decay": 0.001, "memory_size": 30, **result.record["tuning"]["config"]}
    parent = folder / "first" if chunk else None
    run_job(config, folder / f"fixed {job}", config_space=fixed, chunk_id=chunk, input_state_url=parent, seed=SEED)
    assert same(folder / job, folder / f"fixed {job}")


@pytest.mark.journey
def test_the_plan_is_that_of_the_updater(second: Result) -> None:
    chosen, plan = second.record["tuning"]["config"], second.record["plan"]
    replayed = int(chosen["batch_memory_frac"] * chosen["batch_size"])
    assert plan["method"]["name"] == "RenateER"
    assert plan["method"]["options"]["memory_batch"] == replayed
    assert plan["training"]["batch_size"] == chosen["batch_size"] - replayed


@pytest.mark.journey
def test_a_job_that_is_repeated_does_nothing(config: Path, folder: Path, second: Result) -> None:
    again = run_job(
        config, folder / "second", config_space=SPACE, scheduler="rush", max_num_trials_started=3,
        seed=SEED, chunk_id=1, input_state_url=folder / "first",
    )  # fmt: skip
    assert again.repeated
    assert again.record == second.record


@pytest.mark.journey
@pytest.mark.parametrize(
    "change", [{"max_num_trials_started": 9}, {"scheduler": "asha"}, {"config_space": SPACE | {"memory_size": 31}}]
)
def test_a_folder_that_another_search_filled_is_not_touched(
    config: Path,
    folder: Path,
    first: Result,
    change: dict[str, Any],  # noqa: ARG001
) -> None:
    options = {"config_space": SPACE, "scheduler": "rush", "max_num_trials_started": 4, "seed": SEED} | change
    with pytest.raises(ConflictError, match="which this job did not make"):
        run_job(config, folder / "first", **options)


# The table


@pytest.mark.journey
def test_the_table_has_every_epoch_of_every_trial_of_every_update(folder: Path, first: Result, second: Result) -> None:
    rows = table(folder / "second")
    assert [row["update"] for row in rows if row["update_id"] == "0"] == [first.id] * first.record["tuning"]["epochs"]
    assert [row["update"] for row in rows if row["update_id"] == "1"] == [second.id] * second.record["tuning"]["epochs"]
    assert {row["update_id"] for row in rows} == {"0", "1"}
    trials = {row["trial_id"] for row in rows if row["update_id"] == "0"}
    assert trials == {"0", "1", "2", "3"}


@pytest.mark.journey
def test_the_row_of_the_best_epoch_has_the_values_that_were_chosen(folder: Path, second: Result) -> None:
    tuning = second.record["tuning"]
    rows = [
        row for row in table(folder / "second") if (row["update_id"], row["trial_id"]) == ("1", str(tuning["chosen"]))
    ]
    assert {name: rows[0][f"config_{name}"] for name in TUNED} == {n: str(v) for n, v in tuning["config"].items()}
    assert (rows[0]["config_weight_decay"], rows[0]["config_updater"], rows[0]["status"]) == ("0.001", "ER", "complete")
    # The weights of the best epoch so far are judged, on the rows of both chunks, of which there are as many.
    assert float(rows[-1]["val_accuracy"]) == pytest.approx(mean(row["after"]["accuracy"] for row in second.validation))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]


# Errors, before anything is trained


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "train_loss", "mode": "min"}, "Provide a validation set to optimize hyperparameters, and a metric"),
        ({"metric": None}, "Provide a validation set to optimize hyperparameters, and a metric"),
        ({"max_cost": 5.0}, "`max_cost` is the price of machines of SageMaker, .* give `max_time` instead, in seconds"),
        ({"max_time": -1}, "`max_time` must be at least 0, got -1"),
        ({"max_num_trials_started": 0}, "`max_num_trials_started` must be at least 1, got 0"),
        ({"max_num_trials_finished": 1.5}, "`max_num_trials_finished` must be a whole number"),
        ({"n_workers": 0}, "`n_workers` must be at least 1, got 0"),
        (
            {"scheduler": "optuna"},
            "No scheduler is called 'optuna'. Available: asha, bo, bounding_box, enqueue, hyperband",
        ),
        ({"scheduler": "asha", "scheduler_kwargs": {"mode": "max"}}, r"scheduler_kwargs\['mode'\]: comes from the job"),
        ({"scheduler": "asha", "scheduler_kwargs": {"reduction_factor": 1}}, "`eta` must be"),
        ({"config_space": {"learning_rat": loguniform(0.1, 1)}}, "is no hyperparameter of ER, .* mean 'learning_rate'"),
        ({"config_space": {"updater": choice(["ER", "DER"])}}, r"\['updater'\]: must be the same for all trials"),
        ({"config_space": {"momentum": uniform(0, 1)}, "devices": 2}, "`devices` must be 1 where values are tuned"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_trained(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    config = write_config(tmp_path)
    with pytest.raises(ConfigError, match=message):
        run_job(config, tmp_path / "state", **{"config_space": SPACE} | options)
    assert not (tmp_path / "state/model.ckpt").exists()


def test_ranges_ask_for_a_validation_set(tmp_path: Path) -> None:
    config = write_config(tmp_path, ("val_size=0.2", "val_size=0.0"))
    with pytest.raises(ConfigError, match="Provide a validation set to optimize hyperparameters"):
        run_job(config, tmp_path / "state", config_space=SPACE)
