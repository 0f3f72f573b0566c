"""What `bench/tuning.py` trains: a small network on random numbers."""

import torch
from torch import Tensor, nn

from vernal import Chunk, DataModule

CLASSES = 10


def model_fn(features: int, width: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, CLASSES)
    )


def optimizer_fn(parameters: object, lr: float = 0.01) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=lr)


def data_module_fn(number: int, features: int, rows: int) -> DataModule:
    name = f"chunk {number}"
    return DataModule(
        train=Chunk.from_arrays(*made_up(rows, features, 2 * number), name=name),
        validation=Chunk.from_arrays(*made_up(rows // 4, features, 2 * number + 1), name=name),
    )


def made_up(rows: int, features: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, features, generator=generator)
    return x, torch.randint(CLASSES, (rows,), generator=generator)
