"""One update of a model, from and to state folders."""

# ruff: noqa: ARG001 - the signature is Renate's; arguments for SageMaker are accepted, so that scripts need no change

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch

from vernal.base import ConfigError, ConflictError, check_whole
from vernal.config import Plan, Resolved, resolve
from vernal.renate import defaults
from vernal.renate.config import JobFacts, load_renate_config
from vernal.renate.folders import export, open_state
from vernal.renate.options import check_metric, measured, training_options, tuning_options
from vernal.renate.reporter import Logged
from vernal.renate.slots import Hyperparameters
from vernal.renate.space import function_arguments, values_and_ranges
from vernal.renate.updaters import updater_class
from vernal.store import Store
from vernal.transaction import Result, answers, update


def run_training_job(
    mode: Literal["min", "max"],
    config_space: Mapping[str, Any],
    metric: str | None,
    backend: Literal["local", "sagemaker"],
    updater: str = defaults.LEARNER,
    max_epochs: int = defaults.MAX_EPOCHS,
    task_id: str = defaults.TASK_ID,
    chunk_id: int | None = None,
    input_state_url: str | Path | None = None,
    output_state_url: str | Path | None = None,
    working_directory: str = defaults.WORKING_DIRECTORY,
    dependencies: list[str] | None = None,
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
    strategy: str = defaults.DISTRIBUTED_STRATEGY,
    precision: str = defaults.PRECISION,
    deterministic_trainer: bool = False,
    gradient_clip_val: float | None = None,
    gradient_clip_algorithm: str | None = None,
    job_name: str = defaults.JOB_NAME,
) -> Result:
    """Update a model with the data of one chunk, or train a first one.

    Args:
        mode: whether the metric gets better when it falls (``"min"``) or when it rises (``"max"``).
        config_space: hyperparameters of the updater, and of functions in the config file, by name: fixed values, or
            ranges, made by `vernal.renate.config_space` or by Syne Tune. With any range the job is tuned.
        metric: by which the best epoch, and the best trial, is chosen: ``"val_"`` and a name, measured on the
            validation data; or, where nothing is tuned, ``"train_loss"`` or None, for the last epoch.
        backend: ``"local"``.
        updater: how to learn without forgetting: ``"ER"``, ``"DER"``, ``"POD-ER"``, ``"CLS-ER"``, ``"Super-ER"``,
            ``"Offline-ER"``, ``"RD"``, ``"GDumb"``, ``"Joint"``, ``"FineTuning"``, ``"Avalanche-ER"``,
            ``"Avalanche-EWC"``, ``"Avalanche-LwF"`` or ``"Avalanche-iCaRL"``.
        max_epochs: how often to go through the new data.
        task_id: the task that the data belongs to, for models with parts of their own for each task.
        chunk_id: which part of the data this is; given to functions in the config file.
        input_state_url: the folder or URL that the job before wrote; None for a first job.
        output_state_url: the folder or URL to write to. It may be the same.
        working_directory: data goes into ``data`` below it.
        dependencies: for SageMaker.
        config_file: the file with `model_fn` and `data_module_fn`.
        requirements_file: for SageMaker.
        role: for SageMaker.
        instance_type: for SageMaker.
        instance_count: for SageMaker.
        instance_max_time: for SageMaker.
        max_time: after how many seconds no trial is begun or gone on with, except the best one to its end.
        max_num_trials_started: how many trials may begin. Without any limit, 20.
        max_num_trials_completed: how many may reach `max_epochs`.
        max_num_trials_finished: how many may reach `max_epochs`, stop before, or fail.
        max_cost: for SageMaker.
        n_workers: how many trials train at the same time.
        scheduler: the search: ``"random"``, ``"bo"``, ``"asha"``, ``"rush"``; any other that `vernal.Tuning` knows; a
            class of Syne Tune's. None for random search.
        scheduler_kwargs: of a class, or of one of Renate's names: ``grace_period``, ``reduction_factor``, ``searcher``.
        seed: of everything that is random.
        accelerator: ``"auto"``, ``"cpu"`` or ``"gpu"``.
        devices: how many devices.
        strategy: ``"ddp"``.
        precision: ``"32"``, ``"16"``, ``"64"`` or ``"bf16"``.
        deterministic_trainer: whether to use only algorithms that give the same bits each time on an accelerator, too;
            not where values are tuned.
        gradient_clip_val: what gradients are clipped at; None for no clipping.
        gradient_clip_algorithm: ``"norm"`` or ``"value"``.
        job_name: for SageMaker.

    Returns:
        The update: its metrics, its costs, and where its state is.

    Raises:
        ConfigError: something is wrong with an argument or the config file.
        StateNotFound: there is no state at `input_state_url`.
        ConflictError: `output_state_url` holds other updates.
        VernalError: whatever else `vernal.update` raises.
    """
    _check_backend(backend)
    if config_file is None:
        raise ConfigError("`config_file` is missing. Give the Python file with `model_fn` and `data_module_fn`.")
    if output_state_url is None:
        raise ConfigError("`output_state_url` is missing, so the model would be lost. Give a folder or a URL.")
    check_whole("max_epochs", max_epochs, 1)
    stated = {"updater": updater, "max_epochs": max_epochs, "task_id": task_id, "chunk_id": chunk_id, "seed": seed}
    kind = updater_class(updater)
    values, ranges = values_and_ranges(config_space, stated)
    has_memory = input_state_url is not None
    asked = Hyperparameters.of(updater, has_memory, values, ranges)
    tuning = tuning_options(
        has_ranges=bool(ranges),
        metric=metric,
        max_epochs=max_epochs,
        max_time=max_time,
        max_num_trials_started=max_num_trials_started,
        max_num_trials_completed=max_num_trials_completed,
        max_num_trials_finished=max_num_trials_finished,
        max_cost=max_cost,
        n_workers=n_workers,
        scheduler=scheduler,
        scheduler_kwargs=scheduler_kwargs,
        deterministic_trainer=deterministic_trainer,
    )
    facts = JobFacts(
        defaults.data_folder(working_directory),
        task_id,
        seed,
        max_epochs,
        needs_validation=measured(metric) is not None,
    )
    config = load_renate_config(config_file, facts, asked)
    settings = asked.settings({})
    plan = Plan(
        config,
        method=settings.method(),
        arguments=function_arguments(config, kind, updater, values, ranges, stated),
        training=training_options(
            settings,
            metric=metric,
            max_epochs=max_epochs,
            has_memory=has_memory,
            accelerator=accelerator,
            devices=devices,
            strategy=strategy,
            precision=precision,
            gradient_clip_val=gradient_clip_val,
            gradient_clip_algorithm=gradient_clip_algorithm,
        ),
        seed=seed,
        space=ranges,
        tuning=tuning,
    )
    resolved = resolve(plan)
    check_metric(metric, mode, config.call("metrics_fn", resolved.arguments) or {})
    with _deterministic(deterministic_trainer):
        return _update(resolved, input_state_url, output_state_url)


def _update(resolved: Resolved, input_url: str | Path | None, output_url: str | Path) -> Result:
    store, parent = open_state(None if input_url is None else str(input_url), str(output_url))
    if store.champion != parent and not _made_by(resolved, store, parent):
        raise ConflictError(
            f"{store.url} holds update {store.champion} already, which this job did not make. To go on from it, give "
            "the folder as `input_state_url`; to train anew, give another `output_state_url`."
        )
    result = update(resolved.asked, store, reporter=Logged())
    export(store, str(output_url))
    return result


def _made_by(resolved: Resolved, store: Store, parent: str | None) -> bool:
    """Whether the champion is what this very job made when it ran before: the same parent, plan and data."""
    record = store.record("champion")
    return record["parent"] == parent and answers(record, resolved.asked, store)


def _check_backend(backend: str) -> None:
    if backend == "sagemaker":
        raise ConfigError(
            'The backend "sagemaker" is not there yet; it comes with a later version. Say backend="local", on a '
            "machine of your choice; states may lie on S3."
        )
    if backend != "local":
        raise ConfigError(f'`backend` must be "local", got {backend!r}.')


@contextmanager
def _deterministic(wanted: bool) -> Iterator[None]:
    """Allow only deterministic algorithms, and put the setting back afterwards."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(wanted or before)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
