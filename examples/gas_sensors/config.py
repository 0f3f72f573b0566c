"""Six gases by sixteen ageing sensors: the sensors drift, month after month.

vernal check examples/gas_sensors/config.py
vernal update examples/gas_sensors/config.py --store runs/gas --budget 20ep --batch 1
vernal update examples/gas_sensors/config.py --store runs/gas --budget 20ep --batch 2
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
        signals, gas, batches = data["X"], data["gas"].astype(np.int64), data["batch"]
    # The signals span seven orders of magnitude, with both signs.
    x = np.sign(signals) * np.log1p(np.abs(signals))
    # Scaled as the first batch wants it, for ever: what is learned later goes on from the same inputs.
    x = (x - x[batches == 1].mean(axis=0)) / x[batches == 1].std(axis=0)
    rows = np.flatnonzero(batches == batch)
    order = np.random.default_rng(seed).permutation(len(rows))
    train, validation = order[len(order) // 4 :], order[: len(order) // 4]

    def chunk(places: np.ndarray) -> Chunk:
        ids = [f"row {row}" for row in rows[places]]
        return Chunk.from_arrays(
            torch.from_numpy(x[rows[places]]), torch.from_numpy(gas[rows[places]]), ids=ids, name=f"batch {batch}"
        )

    return DataModule(train=chunk(train), validation=chunk(validation))
