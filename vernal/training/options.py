"""How a model is trained, whatever the method."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.base import ConfigError, Duration, check_range, check_whole

PRECISIONS = ("32-true", "64-true", "16-true", "bf16-true", "16-mixed", "bf16-mixed")
ACCELERATORS = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Training:
    """Everything about the training that is neither the model, the data nor the method.

    Args:
        budget: how long to train: ``"5ep"`` (epochs), ``"2000st"`` (steps), ``"100000sa"`` (samples of new data),
            ``"30min"``.
        batch_size: new rows a step, over all devices; replayed rows come on top.
        evaluation_batch: rows at a time where nothing is learned: validation, and what a method keeps with rows.
        accumulate: batches whose gradients are summed before the optimiser steps.
        clip_norm: largest norm of the gradient of all parameters together; None for no limit.
        clip_value: largest absolute value of one entry of the gradient; None for no limit.
        patience: epochs without improvement on the validation data after which training stops, and the best weights are
            taken; None to spend the whole budget.
        monitor: what `patience` watches: ``"loss"``, or the name of a metric.
        accelerator: ``auto``, ``cpu``, ``cuda``, ``mps``.
        devices: how many devices; several train data-parallel, each on its share of every batch.
        precision: ``32-true``, ``bf16-mixed``, ``16-mixed``, ``bf16-true``, ``16-true``, ``64-true``.
        workers: processes that read and transform data; 0 to do it in the training process.
        checkpoint_minutes: minutes between checkpoints, from which an interrupted update goes on.
    """

    budget: Duration | str = "5ep"
    batch_size: int = 64
    evaluation_batch: int = 256
    accumulate: int = 1
    clip_norm: float | None = None
    clip_value: float | None = None
    patience: int | None = None
    monitor: str = "loss"
    accelerator: str = "auto"
    devices: int = 1
    precision: str = "32-true"
    workers: int = 0
    checkpoint_minutes: float = 5.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "budget", Duration.parse(self.budget))
        check_whole("batch_size", self.batch_size, 1)
        check_whole("evaluation_batch", self.evaluation_batch, 1)
        check_whole("accumulate", self.accumulate, 1)
        check_whole("devices", self.devices, 1)
        check_whole("workers", self.workers, 0)
        check_range("checkpoint_minutes", self.checkpoint_minutes, 0)
        for name in ("clip_norm", "clip_value"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name), 0)
        if self.patience is not None:
            check_whole("patience", self.patience, 1)
        if self.clip_norm is not None and self.clip_value is not None:
            raise ConfigError("`clip_norm` and `clip_value` are both set. Set one of them.")
        for name, allowed in (("precision", PRECISIONS), ("accelerator", ACCELERATORS)):
            if (value := getattr(self, name)) not in allowed:
                raise ConfigError(f"`{name}` must be one of {', '.join(allowed)}, got {value!r}.")

    @property
    def duration(self) -> Duration:
        """The budget as a duration."""
        return Duration.parse(self.budget)
