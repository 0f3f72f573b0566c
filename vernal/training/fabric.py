"""The one place that imports Lightning."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
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
from lightning_fabric.strategies import DDPStrategy
from lightning_fabric.utilities import move_data_to_device

__all__ = ["Fabric", "listened_to", "make_fabric", "move_data_to_device"]

# Every process that it starts says so, several times. Set on import: it is what such a process does first.
logging.getLogger("lightning_fabric").setLevel(logging.WARNING)


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
            strategy="auto" if options.devices == 1 else _data_parallel(),
            precision=options.precision,
            callbacks=callbacks,
            loggers=loggers,
        )
    except (RuntimeError, ValueError, TypeError) as error:
        raise ConfigError(
            f"`accelerator` {options.accelerator!r} with {options.devices} devices and `precision` "
            f"{options.precision!r} cannot be used here: {error}"
        ) from error


def listened_to(fabric: Fabric, callbacks: Any = None, loggers: Any = None) -> Fabric:
    """The fabric, which from now on tells these as well.

    For a process that Fabric has started: what a config file defines cannot travel there, and is made there instead.

    Args:
        fabric: of this process.
        callbacks: the user's objects with methods such as `on_train_epoch_end`; a list, one object, or None.
        loggers: the user's Lightning loggers, likewise.
    """
    fabric._callbacks.extend(_as_list(callbacks))  # noqa: SLF001 - Fabric takes them only on construction.
    fabric.loggers.extend(_as_list(loggers))
    return fabric


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _data_parallel() -> DDPStrategy:
    # Parameters that get no gradient, those of a head that is not used, say, are allowed, as they are on one device.
    # The first process measures and writes while others wait, however long it takes: a dead one is noticed anyway.
    return DDPStrategy(start_method="spawn", find_unused_parameters=True, timeout=timedelta(days=1))
