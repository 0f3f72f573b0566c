"""Schedules that step once an epoch, for an engine that steps them after every step of the optimiser."""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from vernal.base import ConfigError
from vernal.renate import defaults

INTERVALS = ("epoch", "step")


class OncePer(LRScheduler):
    """A scheduler that is stepped after every `steps` steps of the optimiser.

    Args:
        scheduler: what is stepped.
        steps: after how many.
    """

    def __init__(self, scheduler: LRScheduler, steps: int) -> None:
        # Not the constructor of the base: it would step, and wrap the optimiser, a second time.
        self.optimizer = scheduler.optimizer
        self._scheduler, self._steps, self._done = scheduler, steps, 0

    def step(self, epoch: int | None = None) -> None:
        """Count a step."""
        self._done += 1
        if self._done % self._steps == 0:
            self._scheduler.step(epoch)

    def get_last_lr(self) -> list[Any]:
        """The learning rates, one for each group of parameters."""
        return list(self._scheduler.get_last_lr())

    def state_dict(self) -> dict[str, Any]:
        """Where it is."""
        return {"done": self._done, "scheduler": self._scheduler.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self._done = state_dict["done"]
        self._scheduler.load_state_dict(state_dict["scheduler"])


def scheduler_of(value: Any, optimizer: Optimizer, total_steps: int | None, epochs: int) -> LRScheduler:
    """What `lr_scheduler_fn` gives, made for an optimiser.

    Args:
        value: a function that makes a scheduler of an optimiser; with ``"epoch"`` or ``"step"``, or without.
        optimizer: the optimiser.
        total_steps: steps in the whole training.
        epochs: epochs in the whole training.

    Raises:
        ConfigError: it is something else.
    """
    make, interval = value if isinstance(value, tuple) else (value, defaults.LR_SCHEDULER_INTERVAL)
    if interval not in INTERVALS:
        raise ConfigError(
            f"`lr_scheduler_fn` steps every {interval!r}. Allowed are {' and '.join(map(repr, INTERVALS))}."
        )
    scheduler = make(optimizer)
    if isinstance(scheduler, ReduceLROnPlateau) or not isinstance(scheduler, LRScheduler):
        raise ConfigError(
            f"`lr_scheduler_fn` makes a {type(scheduler).__name__}. It must make a torch scheduler "
            "that needs no metric."
        )
    assert total_steps is not None, "a training in epochs knows its steps"
    return scheduler if interval == "step" else OncePer(scheduler, total_steps // epochs)
