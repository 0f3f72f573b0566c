"""`run_training_job` under the name and with the arguments that it had in Renate 0.1."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from vernal.base import ConfigError
from vernal.renate import defaults
from vernal.renate.training.training import run_training_job
from vernal.transaction import Result


def execute_tuning_job(
    mode: Literal["min", "max"],
    config_space: Mapping[str, Any],
    metric: str,
    backend: Literal["local", "sagemaker"],
    updater: str = defaults.LEARNER,
    max_epochs: int = defaults.MAX_EPOCHS,
    task_id: str = defaults.TASK_ID,
    chunk_id: int | None = None,
    state_url: str | Path | None = None,
    next_state_url: str | Path | None = None,
    working_directory: str = defaults.WORKING_DIRECTORY,
    source_dir: str | None = None,  # noqa: ARG001 - accepted, so that scripts need no change
    config_file: str | Path | None = None,
    requirements_file: str | None = None,
    role: str | None = None,
    instance_type: str = defaults.INSTANCE_TYPE,
    instance_count: int = defaults.INSTANCE_COUNT,
    instance_max_time: float = defaults.INSTANCE_MAX_TIME,
    max_time: float | None = None,
    max_num_trials_started: int | None = None,
    max_num_trials_completed: int | None = None,
    max_num_trials_finished: int | None = None,
    max_cost: float | None = None,
    n_workers: int = defaults.N_WORKERS,
    scheduler: Any = None,
    scheduler_kwargs: Mapping[str, Any] | None = None,
    seed: int = defaults.SEED,
    accelerator: str = defaults.ACCELERATOR,
    devices: int = defaults.DEVICES,
    job_name: str = defaults.JOB_NAME,
    *,
    input_state_url: str | Path | None = None,
    output_state_url: str | Path | None = None,
) -> Result:
    """Update a model with the data of one chunk, or train a first one.

    Everything is as in `run_training_job`, but for two arguments that it calls `input_state_url` and
    `output_state_url`. Both names will do.

    Args:
        mode: whether the metric gets better when it falls (``"min"``) or when it rises (``"max"``).
        config_space: hyperparameters by name: fixed values, or ranges.
        metric: by which the best epoch, and the best trial, is chosen.
        backend: ``"local"``.
        updater: how to learn without forgetting.
        max_epochs: how often to go through the new data.
        task_id: the task that the data belongs to.
        chunk_id: which part of the data this is.
        state_url: the folder or URL that the job before wrote; None for a first job.
        next_state_url: the folder or URL to write to.
        working_directory: data goes into ``data`` below it.
        source_dir: for SageMaker.
        config_file: the file with `model_fn` and `data_module_fn`.
        requirements_file: for SageMaker.
        role: for SageMaker.
        instance_type: for SageMaker.
        instance_count: for SageMaker.
        instance_max_time: for SageMaker.
        max_time: after how many seconds no trial is begun or gone on with.
        max_num_trials_started: how many trials may begin.
        max_num_trials_completed: how many may reach `max_epochs`.
        max_num_trials_finished: how many may reach `max_epochs`, stop before, or fail.
        max_cost: for SageMaker.
        n_workers: how many trials train at the same time.
        scheduler: the search.
        scheduler_kwargs: options of the search.
        seed: of everything that is random.
        accelerator: ``"auto"``, ``"cpu"`` or ``"gpu"``.
        devices: how many devices.
        job_name: for SageMaker.
        input_state_url: the same as `state_url`.
        output_state_url: the same as `next_state_url`.

    Returns:
        The update.

    Raises:
        VernalError: whatever `run_training_job` raises.
    """
    _check_once("state_url", state_url, "input_state_url", input_state_url)
    _check_once("next_state_url", next_state_url, "output_state_url", output_state_url)
    return run_training_job(
        mode,
        config_space,
        metric,
        backend,
        updater=updater,
        max_epochs=max_epochs,
        task_id=task_id,
        chunk_id=chunk_id,
        input_state_url=state_url or input_state_url,
        output_state_url=next_state_url or output_state_url,
        working_directory=working_directory,
        config_file=config_file,
        requirements_file=requirements_file,
        role=role,
        instance_type=instance_type,
        instance_count=instance_count,
        instance_max_time=instance_max_time,
        max_time=max_time,
        max_num_trials_started=max_num_trials_started,
        max_num_trials_completed=max_num_trials_completed,
        max_num_trials_finished=max_num_trials_finished,
        max_cost=max_cost,
        n_workers=n_workers,
        scheduler=scheduler,
        scheduler_kwargs=scheduler_kwargs,
        seed=seed,
        accelerator=accelerator,
        devices=devices,
        job_name=job_name,
    )


def _check_once(old: str, value: str | Path | None, new: str, other: str | Path | None) -> None:
    if value is not None and other is not None:
        raise ConfigError(f"`{old}` and `{new}` are the same, and both are given. Leave one out.")
