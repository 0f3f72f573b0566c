"""The one place that imports Lightning."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from vernal.base import ConfigError
from vernal.training.options import Training

if TYPE_CHECKING or "torchmetrics" in sys.modules:
    from lightning_fabric import Fabric
else:
    # Fabric imports torchmetrics, and with it matplotlib and SciPy, only to ask for its version. That would cost a
    # second at every start.
    sys.modules["torchmetrics"] = None  # type: ignore[assignment]
    try:
        from lightning_fabric import Fabric
    finally:
        del sys.modules["torchmetrics"]

__all__ = ["Fabric", "make_fabric"]


def make_fabric(options: Training, callbacks: Any = None, loggers: Any = None) -> Fabric:
    """The devices, the precision, and whom to tell.

    Several devices train data-parallel, each in a process of its own.

    Args:
        options: how to train.
        callbacks: the user's objects with methods such as `on_train_epoch_end`.
        loggers: the user's Lightning loggers.

    Raises:
        ConfigError: this machine has no such devices, or they cannot compute like that.
    """
    try:
        return Fabric(
            accelerator=options.accelerator,
            devices=options.devices,
            strategy="auto" if options.devices == 1 else "ddp_spawn",
            precision=options.precision,
            callbacks=callbacks,
            loggers=loggers,
        )
    except (RuntimeError, ValueError, TypeError) as error:
        raise ConfigError(
            f"`accelerator` {options.accelerator!r} with {options.devices} devices and `precision` "
            f"{options.precision!r} cannot be used here: {error}"
        ) from error
