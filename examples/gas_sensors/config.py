"""Six gases by sixteen ageing sensors: the sensors drift, month after month.

vernal check examples/gas_sensors/config.py
vernal update examples/gas_sensors/config.py --store runs/gas --batch 1
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from vernal import Chunk, DataModule

DATA = Path(__file__).parent / "data" / "gas_drift.npz"
FEATURES, GASES = 128, 6


def model_fn(hidden: int = 128) -> nn.Module:
    """A small network; which gas, out of six?"""
    return nn.Sequential(
        nn.Linear(FEATURES, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, GASES)
    )


def data_module_fn(batch: int, seed: int = 0) -> DataModule:
    """The rows of one batch (1 to 9, in time order; 7 is missing): three quarters to learn, one to be judged by."""
    with np.load(DATA) as data:
        rows = np.flatnonzero(data["batch"] == batch)
        # The signals span seven orders of magnitude, with both signs.
        x = np.sign(data["X"][rows]) * np.log1p(np.abs(data["X"][rows])) / 8
        y = data["gas"][rows].astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(rows))
    train, validation = order[len(order) // 4 :], order[: len(order) // 4]

    def chunk(places: np.ndarray) -> Chunk:
        ids = [f"row {row}" for row in rows[places]]
        return Chunk.from_arrays(
            torch.from_numpy(x[places]), torch.from_numpy(y[places]), ids=ids, name=f"batch {batch}"
        )

    return DataModule(train=chunk(train), validation=chunk(validation))
