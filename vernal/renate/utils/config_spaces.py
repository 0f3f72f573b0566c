"""The configuration spaces that Renate proposed for some updaters."""

from __future__ import annotations

from typing import Any

from vernal.base import ConfigError, did_you_mean
from vernal.renate.config_space import choice, loguniform, quniform, uniform

_REPLAYING = {
    "optimizer": "SGD",
    "momentum": choice([0.0, 0.9, 0.99]),
    "weight_decay": loguniform(1e-6, 1e-2),
    "learning_rate": loguniform(0.001, 0.5),
    "batch_size": 64,
    "batch_memory_frac": 0.5,
    "memory_size": 1000,
}
_OF: dict[str, dict[str, Any]] = {
    "ER": {"alpha": 0.5, "loss_normalization": 0, "loss_weight": 0.5},
    "DER": {"alpha": uniform(0, 1), "beta": uniform(0, 1), "loss_normalization": 0, "loss_weight": 1.0},
    "Super-ER": {
        "der_alpha": uniform(0, 1),
        "der_beta": uniform(0, 1),
        "sp_shrink_factor": quniform(0.3, 1, 0.1),
        "sp_sigma": choice([0.0, 1e-5, 1e-4, 1e-3, 1e-2]),
        "cls_alpha": quniform(0, 1, 0.05),
        "cls_stable_model_update_weight": 0.999,
        "cls_plastic_model_update_weight": 0.999,
        "cls_stable_model_update_probability": uniform(0.01, 0.49),
        "cls_plastic_model_update_probability": uniform(0.5, 1),
        "loss_normalization": 1,
    },
    "RD": {},
    "Offline-ER": {"loss_weight_new_data": choice([0.25, 0.5, 0.75])},
}


def config_space(updater: str) -> dict[str, Any]:
    """The space that Renate proposed for an updater.

    Args:
        updater: its name.

    Raises:
        ConfigError: there is none for it.

    Examples:
        >>> str(config_space("DER")["beta"])
        'uniform(0, 1)'
    """
    if updater not in _OF:
        raise ConfigError(f"Renate had no configuration space for {updater!r}. {did_you_mean(updater, _OF)}")
    return {**_REPLAYING, **_OF[updater]}
