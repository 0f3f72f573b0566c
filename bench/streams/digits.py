"""Ten digits from four collections, MNIST, USPS, Optdigits, Semeion. Data: ../shared/data/mnist, digit_domains."""

import functools
import gzip
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vernal import Chunk, DataModule

DOMAINS = ("mnist", "usps", "optdigits", "semeion")
CHUNKS = len(DOMAINS)
MNIST_ROWS = {"train": 6_000, "t10k": 2_000}
DATA = Path(os.environ.get("VERNAL_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data"))

Part = tuple[np.ndarray, np.ndarray]


class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(1).float() / 255


def model_fn(seed: int) -> nn.Module:
    return nn.Sequential(
        Scaled(), nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(400, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def optimizer_fn(parameters: object, lr: float = 3e-3) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, lr=lr)


def data_module_fn(chunk: int, seed: int) -> DataModule:
    """One collection, cut as its source cut it; Semeion's has no cut, and is cut 80 to 20, MNIST's is larger."""
    name = DOMAINS[chunk]
    parts = _mnist(seed) if name == "mnist" else _domain(name, seed)
    return DataModule(*(Chunk.from_arrays(x, y.astype(np.int64), name=name) for x, y in parts))


def _mnist(seed: int) -> tuple[Part, Part]:
    chosen = np.random.default_rng(seed).permutation(60_000)[: MNIST_ROWS["train"]]
    (x, y), (test_x, test_y) = _mnist_part("train"), _mnist_part("t10k")
    first = np.arange(MNIST_ROWS["t10k"])
    return (x[chosen], y[chosen]), (test_x[first], test_y[first])


@functools.cache
def _mnist_part(part: str) -> Part:
    with gzip.open(DATA / "mnist" / f"{part}-images-idx3-ubyte.gz") as x:
        images = np.frombuffer(x.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(DATA / "mnist" / f"{part}-labels-idx1-ubyte.gz") as y:
        return images, np.frombuffer(y.read(), np.uint8, offset=8)


def _domain(name: str, seed: int) -> tuple[Part, Part]:
    with np.load(DATA / "digit_domains" / "digit_domains.npz") as data:
        x, y = data[f"{name}_X"], data[f"{name}_y"]
        is_test = data[f"{name}_is_test"] if f"{name}_is_test" in data else _fifth(len(y), seed)
    return (x[~is_test], y[~is_test]), (x[is_test], y[is_test])


def _fifth(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(rows) < rows // 5
