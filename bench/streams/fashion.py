"""Split-Fashion-MNIST: five chunks of two classes each, in order. Data: ../shared/data/fashion_mnist, or mnist."""

import functools
import gzip
import os
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from vernal import Chunk, DataModule

CHUNKS = 5
DATA = Path(os.environ.get("VERNAL_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data"))


class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1).float() / 255


def model_fn(seed: int) -> nn.Module:
    return nn.Sequential(Scaled(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def optimizer_fn(parameters: object, lr: float = 0.05) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=lr)


def data_module_fn(
    chunk: int, seed: int, rows: int = 12_000, images: Literal["fashion_mnist", "mnist"] = "fashion_mnist"
) -> DataModule:
    """Two classes: all test rows, and as many training rows as asked for, others for every seed."""
    train, test = _part(images, "train", chunk), _part(images, "t10k", chunk)
    chosen = np.random.default_rng(seed).permutation(len(train[1]))[:rows] if rows < len(train[1]) else slice(None)
    name = f"classes {2 * chunk}, {2 * chunk + 1}"
    return DataModule(
        train=Chunk.from_arrays(train[0][chosen], train[1][chosen], name=name),
        validation=Chunk.from_arrays(*test, name=name),
    )


def _part(images: str, part: str, chunk: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = _whole(images, part)
    rows = np.flatnonzero(y // 2 == chunk)
    return x[rows], y[rows].astype(np.int64)


@functools.cache
def _whole(images: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = (_unpacked(DATA / images / f"{part}-{what}-ubyte.gz") for what in ("images-idx3", "labels-idx1"))
    return np.frombuffer(x, np.uint8, offset=16).reshape(-1, 28, 28), np.frombuffer(y, np.uint8, offset=8)


def _unpacked(path: Path) -> bytes:
    with gzip.open(path) as file:
        return file.read()
