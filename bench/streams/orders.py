"""Fashion-MNIST, two classes a chunk, in two orders of the classes. Data: ../shared/data/fashion_mnist, or mnist."""

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
# The second one was drawn once, before anything was trained.
ORDERS = {"natural": np.arange(10), "drawn": np.random.default_rng(1).permutation(10)}


def model_fn(seed: int) -> nn.Module:
    return nn.Sequential(
        fashion.Scaled(), nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 5, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip


def optimizer_fn(parameters: object, lr: float = 0.05) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=lr)


def data_module_fn(
    chunk: int,
    seed: int,
    order: Literal["natural", "drawn"] = "natural",
    rows: int = 2_000,
    held_out: int = 400,
    images: Literal["fashion_mnist", "mnist"] = "fashion_mnist",
) -> DataModule:
    """Rows of two classes to learn and to choose by, others for every seed; all test rows of all classes so far."""
    chosen = np.random.default_rng([seed, chunk]).permutation(_rows(images, "train", order, chunk))[: rows + held_out]
    so_far = np.concatenate([_rows(images, "t10k", order, earlier) for earlier in range(chunk + 1)])
    name = f"classes {', '.join(map(str, ORDERS[order][2 * chunk : 2 * chunk + 2]))}"
    return DataModule(
        train=_chunk(images, "train", chosen[:rows], name),
        validation=_chunk(images, "train", chosen[rows:], name),
        test=_chunk(images, "t10k", so_far, name),
    )


def _rows(images: str, part: str, order: str, chunk: int) -> np.ndarray:
    return np.flatnonzero(np.isin(fashion._whole(images, part)[1], ORDERS[order][2 * chunk : 2 * chunk + 2]))


def _chunk(images: str, part: str, rows: np.ndarray, name: str) -> Chunk:
    x, y = fashion._whole(images, part)
    return Chunk.from_arrays(x[rows], y[rows].astype(np.int64), name=name)
