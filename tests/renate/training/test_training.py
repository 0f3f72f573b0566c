"""The journey of Renate's paper: a config file, a job, the next job in another process."""

from __future__ import annotations

import copy
import csv
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from tests.renate.snippets import SPACE, checkpoint, run_job, write_config
from vernal import Store
from vernal.base import ConfigError, ConflictError, StateError, StateNotFound
from vernal.config import load_config
from vernal.renate.defaults import input_state_folder, model_file
from vernal.renate.updaters import UPDATERS


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "hpo.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.journey
def test_two_jobs_one_after_the_other(tmp_path):
    config = write_config(tmp_path)
    first = run_job(config, tmp_path / "first", chunk_id=0)
    assert first.record["parent"] is None
    assert first.record["memory"] == {"rows": 30, "seen": 80, "segments": 1}
    before = files_of(tmp_path / "first")

    second = run_job(config, tmp_path / "second", chunk_id=1, input_state_url=str(tmp_path / "first"))
    assert second.record["parent"] == first.id
    assert second.record["memory"]["seen"] == 160
    assert [(row["number"], row["chunk"]) for row in second.validation] == [(1, "chunk 0"), (2, "chunk 1")]
    assert files_of(tmp_path / "first") == before
    assert [row["update_id"] for row in history(tmp_path / "second")] == ["0", "1"]

    model_fn = load_config(config).functions["model_fn"]
    model = model_fn(model_file(input_state_folder(str(tmp_path / "second"))))
    assert same(model.state_dict(), checkpoint(tmp_path / "second"))
    assert not same(model.state_dict(), checkpoint(tmp_path / "first"))


@pytest.mark.journey
def test_a_second_process_equals_one(tmp_path):
    config = write_config(tmp_path)
    run_job(config, tmp_path / "first")
    run_job(config, tmp_path / "here", chunk_id=1, input_state_url=tmp_path / "first")
    script = f"""
        from pathlib import Path
        from tests.renate.snippets import run_job
        here = Path({str(tmp_path)!r})
        run_job(here / "renate_config.py", here / "there", chunk_id=1, input_state_url=here / "first")
    """
    root = Path(__file__).parents[3]
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "there/model.ckpt").read_bytes() == (tmp_path / "here/model.ckpt").read_bytes()
    ends = [Store(tmp_path / name, create=False).record("champion") for name in ("here", "there")]
    assert ends[0]["artefacts"] == ends[1]["artefacts"]
    assert ends[0]["id"] == ends[1]["id"]


# Folders


def test_the_same_folder_goes_on_in_place(tmp_path):
    config, folder = write_config(tmp_path), tmp_path / "state"
    run_job(config, folder)
    run_job(config, folder, chunk_id=1, input_state_url=f"{folder}/")
    assert [row["update_id"] for row in history(folder)] == ["0", "1"]


def test_a_job_that_is_repeated_does_nothing(tmp_path):
    config = write_config(tmp_path)
    first = run_job(config, tmp_path / "first")
    assert run_job(config, tmp_path / "first").record == first.record
    second = run_job(config, tmp_path / "second", chunk_id=1, input_state_url=tmp_path / "first")
    again = run_job(config, tmp_path / "second", chunk_id=1, input_state_url=tmp_path / "first")
    assert again.repeated
    assert again.record == second.record


def test_files_that_a_crash_left_out_are_written_by_the_same_job(tmp_path):
    config = write_config(tmp_path)
    run_job(config, tmp_path / "first")
    before = checkpoint(tmp_path / "first")
    (tmp_path / "first/model.ckpt").unlink()
    run_job(config, tmp_path / "first")
    assert same(checkpoint(tmp_path / "first"), before)


@pytest.mark.parametrize("change", [{"chunk_id": 1}, {"seed": 1}, {"updater": "FineTuning", "config_space": {}}])
def test_a_folder_that_another_job_filled_is_not_touched(tmp_path, change):
    config = write_config(tmp_path)
    run_job(config, tmp_path / "first")
    before = files_of(tmp_path / "first")
    with pytest.raises(ConflictError, match="which this job did not make. To go on from it, give the folder as"):
        run_job(config, tmp_path / "first", **change)
    assert files_of(tmp_path / "first") == before


def test_new_data_under_the_same_plan_is_another_job(tmp_path):
    rows = tmp_path / "rows.pt"
    config = write_config(tmp_path, ("self._images(100, self._chunk_id)", f"TensorDataset(*torch.load({str(rows)!r}))"))
    torch.save([torch.zeros(40, 1, 4, 4), torch.arange(40) % 4], rows)
    run_job(config, tmp_path / "state")
    torch.save([torch.ones(40, 1, 4, 4), torch.arange(40) % 4], rows)
    with pytest.raises(ConflictError, match="which this job did not make"):
        run_job(config, tmp_path / "state")


def test_a_missing_state_is_an_error_and_no_start_from_scratch(tmp_path):
    config = write_config(tmp_path)
    with pytest.raises(StateNotFound, match="There is no store at"):
        run_job(config, tmp_path / "out", input_state_url=tmp_path / "nothing")
    assert not (tmp_path / "out").exists()


def test_a_state_that_renate_wrote_is_refused(tmp_path):
    config = write_config(tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "old/learner.ckpt").write_bytes(b"a pickle")
    with pytest.raises(StateError, match="was written by Renate. Its state is a pickle, which vernal never reads"):
        run_job(config, tmp_path / "out", input_state_url=tmp_path / "old")


def test_a_state_without_a_finished_job_is_an_error(tmp_path):
    Store(tmp_path / "empty")
    with pytest.raises(StateNotFound, match="holds no model yet"):
        run_job(write_config(tmp_path), tmp_path / "out", input_state_url=tmp_path / "empty")


def test_a_history_in_a_database_is_gone_on_with_in_place_only(tmp_path):
    config, first = write_config(tmp_path), tmp_path / "first"
    Store(first, ledger="embedded")
    run_job(config, first)
    with pytest.raises(StateError, match="lies in a database, which is not copied. Go on in place"):
        run_job(config, tmp_path / "second", chunk_id=1, input_state_url=first)
    assert run_job(config, first, chunk_id=1, input_state_url=first).record["number"] == 2


def test_an_interrupted_copy_is_completed(tmp_path):
    config, first, half = write_config(tmp_path), tmp_path / "first", tmp_path / "half"
    run_job(config, first)
    run_job(config, first, chunk_id=1, input_state_url=first)
    shutil.copytree(first, half)
    for lost in [*(half / "journal").iterdir(), next((half / "blobs").rglob("*/*"))]:
        lost.unlink()
    assert run_job(config, half, chunk_id=2, input_state_url=first).record["number"] == 3
    assert Store(half).verify() == []


def test_a_folder_of_another_lineage_is_refused(tmp_path):
    config = write_config(tmp_path)
    run_job(config, tmp_path / "first")
    run_job(config, tmp_path / "other", chunk_id=3)
    with pytest.raises(ConflictError, match="holds the state of other updates than"):
        run_job(config, tmp_path / "other", chunk_id=1, input_state_url=tmp_path / "first")


def test_the_state_of_another_updater_is_refused(tmp_path):
    config = write_config(tmp_path)
    run_job(config, tmp_path / "first")
    with pytest.raises(ConflictError, match="trained with the method 'RenateER', and this plan says 'RenateDER'"):
        run_job(config, tmp_path / "second", updater="DER", input_state_url=tmp_path / "first", chunk_id=1)


def test_states_may_lie_at_urls(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    config = write_config(tmp_path)
    run_job(config, "memory://renate/first")
    second = run_job(config, tmp_path / "second", chunk_id=1, input_state_url="memory://renate/first")
    assert second.record["number"] == 2


# Updaters


@pytest.mark.parametrize("updater", [*UPDATERS])
def test_every_updater_runs_twice(tmp_path, updater):
    config, space = write_config(tmp_path), {"learning_rate": 0.01}
    for chunk in (0, 1):
        result = run_job(
            config, tmp_path / "state", updater=updater, chunk_id=chunk, config_space=space, max_epochs=2,
            input_state_url=tmp_path / "state" if chunk else None,
        )  # fmt: skip
    assert result.record["number"] == 2
    assert [row["config_updater"] for row in history(tmp_path / "state")] == [updater, updater]


def test_joint_trains_on_all_rows_of_all_chunks(tmp_path):
    config, state = write_config(tmp_path), tmp_path / "state"
    run_job(config, state, updater="Joint", config_space={}, max_epochs=1)
    second = run_job(config, state, updater="Joint", config_space={}, max_epochs=1, input_state_url=state, chunk_id=1)
    assert second.record["memory"]["rows"] == second.record["training"]["samples"] == 160


def test_a_batch_is_shared_by_new_and_replayed_rows_once_there_are_any(tmp_path):
    config = write_config(tmp_path)
    first = run_job(config, tmp_path / "first", max_epochs=1, config_space=SPACE | {"max_epochs": 1})
    assert first.record["training"]["steps"] == 80 / 20
    space = SPACE | {"max_epochs": 1}
    second = run_job(
        config, tmp_path / "second", max_epochs=1, config_space=space, input_state_url=tmp_path / "first", chunk_id=1
    )
    assert second.record["training"]["steps"] == 80 / 10
    assert second.record["training"]["replayed"] == 80


# Early stopping, and the best epoch


def test_early_stopping_stops_only_where_it_is_on(tmp_path):
    config = write_config(tmp_path)
    space = {"learning_rate": 0.3, "optimizer": "SGD"}
    epochs = [
        run_job(config, tmp_path / str(on), max_epochs=30, config_space=space | {"early_stopping": on}).record[
            "training"
        ]["epochs"]
        for on in (True, False)
    ]
    assert epochs[0] < epochs[1] == 30


def test_early_stopping_without_a_metric_on_validation_data_is_ignored(tmp_path):
    config = write_config(tmp_path)
    with pytest.warns(UserWarning, match="`early_stopping` is ignored"):
        result = run_job(
            config, tmp_path / "state", mode="min", metric="train_loss", max_epochs=10,
            config_space={"learning_rate": 0.3, "early_stopping": True},
        )  # fmt: skip
    assert result.record["training"]["epochs"] == 10


def test_the_best_epoch_is_taken(tmp_path):
    config = write_config(tmp_path)
    space = {"optimizer": "SGD", "learning_rate": 3.0, "batch_size": 5}
    best = run_job(config, tmp_path / "best", max_epochs=8, config_space=space, metric="val_loss", mode="min")
    last = run_job(config, tmp_path / "last", max_epochs=8, config_space=space, metric="train_loss", mode="min")
    assert best.record["training"]["epochs"] == last.record["training"]["epochs"] == 8
    assert best.metrics["loss"] < last.metrics["loss"]


# The caller's own things


def test_the_space_of_the_caller_is_not_changed(tmp_path):
    space = SPACE | {"num_hidden": (8, 8)}
    before = copy.deepcopy(space)
    config = write_config(
        tmp_path,
        ("model_fn(model_state_url", "model_fn(num_hidden: tuple, model_state_url"),
        ("MyMLP(num_hidden=16)", "MyMLP(num_hidden=sum(num_hidden))"),
    )
    run_job(config, tmp_path / "state", config_space=space)
    assert space == before
    assert checkpoint(tmp_path / "state")["_fc1.weight"].shape == (16, 16)


def test_global_generators_are_left_as_they_were(tmp_path):
    before = torch.get_rng_state()
    run_job(write_config(tmp_path), tmp_path / "state")
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_deterministic_job_leaves_the_setting_as_it_was(tmp_path):
    run_job(write_config(tmp_path), tmp_path / "state", deterministic_trainer=True)
    assert not torch.are_deterministic_algorithms_enabled()


# Errors, before anything is trained


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "sagemaker"}, '"sagemaker" is not there yet; it comes with a later version'),
        ({"backend": "cloud"}, "`backend` must be \"local\", got 'cloud'"),
        ({"mode": "best"}, "`mode` must be 'min' or 'max', got 'best'"),
        ({"mode": "min"}, "`mode` is 'min', but 'val_accuracy' is better the other way round. Say 'max'"),
        ({"metric": "val_acuracy"}, "No metric is called 'val_acuracy'. Did you mean 'val_accuracy'"),
        ({"metric": "train_accuracy"}, "On the training data only 'train_loss' is measured"),
        ({"updater": "EWC"}, "No updater is called 'EWC'. Available: Avalanche-ER, Avalanche-EWC, "),
        ({"updater": "S-Prompts"}, "'S-Prompts' is not there yet; it comes with a later version"),
        ({"strategy": "deepspeed"}, "`strategy` must be 'ddp' in this version, got 'deepspeed'"),
        ({"devices": -1}, "`devices` must be at least 1, got -1"),
        ({"accelerator": "tpu"}, "`accelerator` must be 'auto' or 'cpu' or 'gpu' in this version, got 'tpu'"),
        ({"precision": "8"}, "`precision` must be '32' or '16' or '64' or 'bf16' in this version, got '8'"),
        ({"gradient_clip_algorithm": "max"}, "`gradient_clip_algorithm` must be 'norm' or 'value'"),
        ({"max_epochs": 0, "config_space": {}}, "`max_epochs` must be at least 1, got 0"),
        ({"max_epochs": 50}, r"config_space\['max_epochs'\]: is 3, but the argument `max_epochs` of the job is 50"),
        ({"output_state_url": None}, "`output_state_url` is missing, so the model would be lost"),
        ({"config_file": None}, "`config_file` is missing"),
        ({"config_file": "no.py"}, "no.py: does not exist"),
        ({"config_space": {"optimizer": "AdamW"}}, "optimizer: must be 'Adam' or 'SGD', got 'AdamW'"),
        ({"config_space": {"learning_rat": 1}}, "is no hyperparameter of ER, .* Did you mean 'learning_rate'"),
        ({"config_space": {"learning_rate": "fast"}}, "learning_rate: must be float, got 'fast'"),
        ({"config_space": {"memory_size": 1.5}}, r"ER\(memory_size\): must be int, got 1.5"),
        (
            {"updater": "Joint", "config_space": {"mask_unused_classes": True}},
            "`mask_unused_classes` can only be False for Joint",
        ),
        ({"config_space": {"ema_memory_update_gamma": 0.9}}, "`ema_memory_update_gamma` can only be 1.0"),
        ({"config_space": {"loss_normalization": 2}}, "`loss_normalization` must be 0 or 1, got 2"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        run_job(write_config(tmp_path), tmp_path / "state", **options)
    assert not (tmp_path / "state").exists()


def test_a_chunk_that_nobody_takes_is_an_error(tmp_path):
    config = write_config(tmp_path, ("chunk_id: int = 0, ", ""), ("data_path, chunk_id, val", "data_path, 0, val"))
    with pytest.raises(ConfigError, match="chunk_id: is 1, but no function in renate_config.py takes it"):
        run_job(config, tmp_path / "state", chunk_id=1)


def test_a_metric_on_validation_data_asks_for_such_data(tmp_path):
    config = write_config(tmp_path, ("val_size=0.2", "val_size=0.0"))
    with pytest.raises(ConfigError, match="Provide a validation set to optimize hyperparameters, or to choose the"):
        run_job(config, tmp_path / "state")
    result = run_job(config, tmp_path / "state", metric="train_loss", mode="min")
    assert result.record["training"]["epochs"] == 3


def test_arguments_of_tuning_are_ignored_aloud(tmp_path):
    with pytest.warns(UserWarning, match="nothing is tuned: max_time, scheduler"):
        run_job(write_config(tmp_path), tmp_path / "state", scheduler="asha", max_time=60)
