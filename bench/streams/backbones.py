"""Fashion-MNIST with a backbone that may change: five chunks of all classes, or of two each. Data: fashion_mnist."""

import sys
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))
import fashion  # noqa: E402

from vernal import Chunk, DataModule  # noqa: E402

CHUNKS = 5


def model_fn(seed: int, backbone: Literal["dense", "convolutional"] = "dense") -> nn.Module:
    if backbone == "dense":
        return fashion.model_fn(seed)
    return nn.Sequential(
        fashion.Scaled(), nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 5, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip


def previous_model_fn(seed: int) -> nn.Module:
    return fashion.model_fn(seed)


def optimizer_fn(parameters: object, lr: float = 0.05) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=lr)


def data_module_fn(chunk: int, seed: int, rows: int = 3_000, split: Literal["rows", "classes"] = "rows") -> DataModule:
    """Rows that no other chunk has, of all classes or of two."""
    if split == "classes":
        return fashion.data_module_fn(chunk, seed, rows)
    x, y = fashion._whole("fashion_mnist", "train")
    chosen = np.random.default_rng(seed).permutation(len(y))[chunk * rows : (chunk + 1) * rows]
    test_x, test_y = (part[chunk::CHUNKS] for part in fashion._whole("fashion_mnist", "t10k"))
    name = f"part {chunk}"
    return DataModule(
        train=Chunk.from_arrays(x[chosen], y[chosen].astype(np.int64), name=name),
        validation=Chunk.from_arrays(test_x, test_y.astype(np.int64), name=name),
    )
