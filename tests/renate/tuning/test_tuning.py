"""The call of Renate's announcement, with objects of Syne Tune's in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.renate.snippets import write_config
from tests.renate.syne_tune import numbers, scheduler
from vernal.base import ConfigError
from vernal.renate.tuning import execute_tuning_job
from vernal.renate.tuning.config_spaces import config_space


@pytest.mark.journey
def test_the_call_of_renates_announcement(tmp_path: Path) -> None:
    result = execute_tuning_job(
        config_space={**config_space("RD"), "learning_rate": numbers("Float", 0.01, 0.1, "_LogUniform")},
        mode="max",
        metric="val_accuracy",
        updater="RD",
        max_epochs=2,
        chunk_id=0,
        config_file=str(write_config(tmp_path)),
        next_state_url=f"{tmp_path}/announced/",
        backend="local",
        scheduler=scheduler("FIFOScheduler"),
        scheduler_kwargs={"searcher": "random"},
        max_num_trials_finished=1,
        accelerator="cpu",
        working_directory=str(tmp_path / "work"),
    )
    tuning = result.record["tuning"]
    assert (tuning["scheduler"], tuning["searcher"], tuning["trials"]) == ("Full", "RandomSearch", 1)
    assert {*tuning["config"]} == {"learning_rate", "momentum", "weight_decay"}
    assert (tmp_path / "announced/model.ckpt").exists()


def test_the_old_names_of_the_folders_and_the_new_ones_are_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`next_state_url` and `output_state_url` are the same, and both are given"):
        execute_tuning_job("max", {}, "val_accuracy", "local", next_state_url=tmp_path, output_state_url=tmp_path)
    with pytest.raises(ConfigError, match="`state_url` and `input_state_url` are the same, and both are given"):
        execute_tuning_job("max", {}, "val_accuracy", "local", state_url=tmp_path, input_state_url=tmp_path)
    with pytest.raises(ConfigError, match="`config_file` is missing"):
        execute_tuning_job("max", {}, "val_accuracy", "local", output_state_url=tmp_path)
