"""How a job trains: Renate's arguments as those of vernal's engine."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from typing import Any

from vernal.base import ConfigError, check_range, check_whole, did_you_mean
from vernal.renate import defaults
from vernal.renate.scheduler import search_of
from vernal.renate.updaters import Updater
from vernal.training import Training, lower_is_better
from vernal.tuning import Tuning

MODES = ("min", "max")
TRAIN_LOSS, VALIDATION = "train_loss", "val_"
METRICS = ("loss", "accuracy", "macro_f1", "mae", "rmse", "r2")  # that vernal measures by itself
ACCELERATORS = {"auto": "auto", "cpu": "cpu", "gpu": "cuda"}
PRECISIONS = {"32": "32-true", "16": "16-mixed", "64": "64-true", "bf16": "bf16-mixed"}
STRATEGIES = ("ddp",)


def measured(metric: str | None) -> str | None:
    """What a metric measures on the validation data; None if it is not about those.

    Examples:
        >>> measured("val_accuracy"), measured("train_loss")
        ('accuracy', None)
    """
    return metric.removeprefix(VALIDATION) if metric is not None and metric.startswith(VALIDATION) else None


def check_metric(metric: str | None, mode: str, own: Collection[str]) -> None:
    """Demand a metric that is measured, and the direction in which it improves.

    Args:
        metric: as Renate names them: ``"val_accuracy"``, ``"train_loss"``.
        mode: ``"min"`` or ``"max"``.
        own: the names of the metrics that `metrics_fn` gives.

    Raises:
        ConfigError: there is no such metric, or it improves the other way.
    """
    if mode not in MODES:
        raise ConfigError(f"`mode` must be 'min' or 'max', got {mode!r}.")
    name = measured(metric)
    if name is None and metric not in (None, TRAIN_LOSS):
        raise ConfigError(
            f"No metric is called {metric!r}. On the training data only {TRAIN_LOSS!r} is measured; on the "
            f"validation data, for example, {VALIDATION}loss and {VALIDATION}accuracy."
        )
    if name is not None and name not in (*METRICS, *own):
        known = [VALIDATION + known for known in (*METRICS, *own)]
        raise ConfigError(f"No metric is called {metric!r}. {did_you_mean(metric or '', known)}")
    if name in own:  # A metric of the user says itself which way it improves, by `higher_is_better`.
        return
    better = "min" if name is None or lower_is_better(name) else "max"
    if metric is not None and mode != better:
        raise ConfigError(f"`mode` is {mode!r}, but {metric!r} is better the other way round. Say {better!r}.")


def training_options(
    settings: Updater,
    *,
    metric: str | None,
    max_epochs: int,
    has_memory: bool,
    accelerator: str,
    devices: int,
    strategy: str,
    precision: str,
    gradient_clip_val: float | None,
    gradient_clip_algorithm: str | None,
) -> Training:
    """The training that a job asks for.

    Raises:
        ConfigError: something is not known, or not there yet.
    """
    name = measured(metric)
    if settings.early_stopping and name is None:
        warnings.warn(
            "`early_stopping` is ignored: it watches a metric on the validation data, such as 'val_accuracy'.",
            stacklevel=3,
        )
    patience = defaults.EARLY_STOPPING_PATIENCE if settings.early_stopping else max_epochs
    by_value = gradient_clip_algorithm == "value"
    _choice("gradient_clip_algorithm", gradient_clip_algorithm or "norm", ("norm", "value"))
    _choice("strategy", strategy, STRATEGIES)
    return Training(
        budget=f"{settings.epochs(max_epochs, has_memory)}ep",
        batch_size=settings.new_rows(has_memory),
        clip_norm=None if by_value else gradient_clip_val,
        clip_value=gradient_clip_val if by_value else None,
        # The best epoch is taken; with a patience of all epochs, none is left out.
        patience=None if name is None else patience,
        monitor=name or "loss",
        accelerator=ACCELERATORS[_choice("accelerator", accelerator, ACCELERATORS)],
        devices=devices,
        precision=PRECISIONS[_choice("precision", str(precision), PRECISIONS)],
    )


def tuning_options(
    *,
    has_ranges: bool,
    metric: str | None,
    max_epochs: int,
    max_time: float | None,
    max_num_trials_started: int | None,
    max_num_trials_completed: int | None,
    max_num_trials_finished: int | None,
    max_cost: float | None,
    n_workers: int,
    scheduler: Any,
    scheduler_kwargs: Mapping[str, Any] | None,
    deterministic_trainer: bool,
) -> Tuning | None:
    """The search that a job asks for; None where no hyperparameter has a range, with a warning if one was asked for.

    Raises:
        ConfigError: the metric is not measured on validation data; something is not known, or not there yet.
    """
    limits = {
        "max_num_trials_started": max_num_trials_started,
        "max_num_trials_completed": max_num_trials_completed,
        "max_num_trials_finished": max_num_trials_finished,
        "n_workers": n_workers,
    }
    if not has_ranges:
        others = {"max_time": max_time, "max_cost": max_cost, "scheduler": scheduler}
        _warn_of_tuning({**others, "scheduler_kwargs": scheduler_kwargs, **limits})
        return None
    if measured(metric) is None:
        raise ConfigError(
            "Provide a validation set to optimize hyperparameters, and a metric that is measured on it, such as "
            f'"val_accuracy" or "val_loss". `metric` is {metric!r}, and `config_space` has ranges.'
        )
    if max_cost is not None:
        raise ConfigError(
            "`max_cost` is the price of machines of SageMaker, which comes with a later version. Nothing is billed "
            "here: give `max_time` instead, in seconds."
        )
    if deterministic_trainer:
        raise ConfigError(
            "`deterministic_trainer` is for jobs with fixed values: trials train in processes of their own, which it "
            "does not reach. Leave it out; on a CPU trials give the same bits each time."
        )
    for name, value in limits.items():
        if value is not None:
            check_whole(name, value, 1)
    if max_time is not None:
        check_range("max_time", max_time, 0)
    search = search_of(scheduler, scheduler_kwargs, max_epochs)
    return Tuning(
        scheduler=search.scheduler,
        searcher=search.searcher,
        metric=measured(metric),
        max_trials=max_num_trials_started,
        max_completed=max_num_trials_completed,
        max_finished=max_num_trials_finished,
        max_minutes=None if max_time is None else max_time / 60,
        workers=n_workers,
    )


def _warn_of_tuning(given: Mapping[str, Any]) -> None:
    unsaid = {"n_workers": defaults.N_WORKERS}
    names = [name for name, value in given.items() if value != unsaid.get(name)]
    if names:
        warnings.warn(
            f"Ignored, as `config_space` has fixed values and nothing is tuned: {', '.join(names)}.", stacklevel=4
        )


def _choice(name: str, value: str, known: Collection[str]) -> str:
    if value not in known:
        allowed = " or ".join(repr(choice) for choice in known)
        raise ConfigError(f"`{name}` must be {allowed} in this version, got {value!r}.")
    return value
