"""A config file that learns the files it is given, and files for it; milliseconds an update."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from vernal.config import Plan
from vernal.data import Window
from vernal.training import Training

CONFIG = """
import torch
from torch import nn

from vernal import DataModule, Window


def model_fn(width: int = 8) -> nn.Module:
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, 2))


def data_module_fn(window: Window) -> DataModule:
    chunk = window.chunk("y", id_column="id", time_column="time")
    train, validation = chunk.split([0.7, 0.3], seed=0)
    return DataModule(train=train, validation=validation)
"""


def write(folder: Path, number: int, rows: int = 60, kind: str = "parquet", **columns: Any) -> str:
    """A file: two numbers a row, and on which side of a line they lie."""
    random = np.random.default_rng(number)
    x = random.normal(size=(rows, 2))
    table = {
        "a": x[:, 0],
        "b": x[:, 1],
        "y": (x[:, 0] + x[:, 1] > 0).astype(int),
        "id": [f"{number}/{row}" for row in range(rows)],
        "time": 1.7e9 + 3600.0 * number + np.arange(rows),
    }
    path = folder / f"{number}.{kind}"
    (csv.write_csv if kind == "csv" else parquet.write_table)(pa.table({**table, **columns}), path)
    return str(path)


def plan(config: Path, *files: str, method: Any = "er", **options: Any) -> Plan:
    """The plan of one update, on CPU."""
    training = {"budget": "2ep", "batch_size": 16, "accelerator": "cpu", "checkpoint_minutes": 0}
    training |= options.pop("training", {})
    window = Window(files) if files else None
    return Plan(config, method=method, training=Training(**training), window=window, **options)
