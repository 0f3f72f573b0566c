"""vernal keeps PyTorch models in production fresh.

New data comes in; an *update* learns from it without forgetting the old, as a transaction; the *store* remembers
everything that made it. Names are imported when they are first used, so that ``import vernal`` needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vernal.base import (
        ConfigError,
        ConflictError,
        CorruptState,
        DataError,
        Duration,
        StateError,
        StateNotFound,
        TrainingError,
        VernalError,
    )
    from vernal.config import Plan
    from vernal.data import Chunk, DataModule, Window, chunk_from_huggingface, chunk_from_table
    from vernal.methods import Method, Step, Term
    from vernal.store import Store
    from vernal.training import Training
    from vernal.transaction import Erasure, Result, erase, load_model, tune, update
    from vernal.tuning import Tuning

__version__ = "0.1.0"

_ROOMS = {
    "vernal.base": (
        "ConfigError", "ConflictError", "CorruptState", "DataError", "Duration", "StateError", "StateNotFound",
        "TrainingError", "VernalError",
    ),
    "vernal.config": ("Plan",),
    "vernal.data": ("Chunk", "DataModule", "Window", "chunk_from_huggingface", "chunk_from_table"),
    "vernal.methods": ("Method", "Step", "Term"),
    "vernal.store": ("Store",),
    "vernal.training": ("Training",),
    "vernal.transaction": ("Erasure", "Result", "erase", "load_model", "tune", "update"),
    "vernal.tuning": ("Tuning",),
}  # fmt: skip
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Chunk",
    "ConfigError",
    "ConflictError",
    "CorruptState",
    "DataError",
    "DataModule",
    "Duration",
    "Erasure",
    "Method",
    "Plan",
    "Result",
    "StateError",
    "StateNotFound",
    "Step",
    "Store",
    "Term",
    "Training",
    "TrainingError",
    "Tuning",
    "VernalError",
    "Window",
    "chunk_from_huggingface",
    "chunk_from_table",
    "erase",
    "load_model",
    "tune",
    "update",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'vernal' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
