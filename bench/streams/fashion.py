"""Split-Fashion-MNIST: five chunks of two classes each, in order. Data: ../shared/data/fashion_mnist."""

import gzip
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vernal import Chunk, DataModule

CHUNKS = 5
DATA = Path(os.environ.get("VERNAL_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data")) / "fashion_mnist"


class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1).float() / 255


def model_fn(seed: int) -> nn.Module:
    return nn.Sequential(Scaled(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def optimizer_fn(parameters: object, lr: float = 0.05) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=lr)


def data_module_fn(chunk: int) -> DataModule:
    return DataModule(train=_part("train", chunk), validation=_part("t10k", chunk))


def _part(name: str, chunk: int) -> Chunk:
    x = np.frombuffer(_unpacked(f"{name}-images-idx3-ubyte.gz"), np.uint8, offset=16).reshape(-1, 28, 28)
    y = np.frombuffer(_unpacked(f"{name}-labels-idx1-ubyte.gz"), np.uint8, offset=8)
    rows = np.flatnonzero(y // 2 == chunk)
    return Chunk.from_arrays(x[rows], y[rows].astype(np.int64), name=f"classes {2 * chunk}, {2 * chunk + 1}")


def _unpacked(name: str) -> bytes:
    with gzip.open(DATA / name) as file:
        return file.read()
