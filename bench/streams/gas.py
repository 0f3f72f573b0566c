"""Six gases by sixteen ageing sensors, eight batches in time order. Data: carried by the example."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "gas_sensors"))
import config as gas  # noqa: E402

from vernal import DataModule  # noqa: E402

BATCHES = (1, 2, 3, 4, 5, 6, 8, 9)
CHUNKS = len(BATCHES)
model_fn = gas.model_fn


def data_module_fn(chunk: int, seed: int) -> DataModule:
    return gas.data_module_fn(BATCHES[chunk], seed)
