"""The optimiser and the schedule that the config file gives."""

from __future__ import annotations

from torch import nn
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from vernal.base import ConfigError
from vernal.transaction.situation import Situation


def make_optimizer(situation: Situation, model: nn.Module) -> Optimizer:
    """The optimiser of the trainable parameters of a model.

    Raises:
        ConfigError: there are none, or `optimizer_fn` gives something else.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not parameters:
        raise ConfigError("No parameter of the model requires a gradient, so there is nothing to train.")
    optimizer = situation.call("optimizer_fn", parameters=parameters, model=model)
    if isinstance(optimizer, LBFGS):
        raise ConfigError("`optimizer_fn` gives LBFGS, which needs several passes a step. Use another optimiser.")
    if not isinstance(optimizer, Optimizer):
        raise ConfigError(f"`optimizer_fn` gives a {type(optimizer).__name__}. It must give a torch optimiser.")
    return optimizer


def has_scheduler(situation: Situation) -> bool:
    """Whether the config file has a schedule."""
    return "lr_scheduler_fn" in situation.resolved.config.functions


def make_scheduler(situation: Situation, optimizer: Optimizer, total_steps: int | None) -> LRScheduler:
    """The schedule of an optimiser.

    Args:
        situation: what the update finds.
        optimizer: whose learning rate it sets.
        total_steps: how many steps there will be; None if nobody knows.

    Raises:
        ConfigError: `lr_scheduler_fn` gives something else.
    """
    scheduler = situation.call("lr_scheduler_fn", optimizer=optimizer, total_steps=total_steps)
    if isinstance(scheduler, ReduceLROnPlateau):
        raise ConfigError(
            "`lr_scheduler_fn` gives ReduceLROnPlateau, which is stepped with something measured. Use a schedule "
            "that is stepped by steps, such as CosineAnnealingLR, and `patience` to stop early."
        )
    if not isinstance(scheduler, LRScheduler):
        raise ConfigError(
            f"`lr_scheduler_fn` gives a {type(scheduler).__name__}. It must give a torch scheduler; it is stepped "
            "after every step of the optimiser."
        )
    return scheduler
