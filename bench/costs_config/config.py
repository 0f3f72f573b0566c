"""What `bench/costs.py` trains: two small networks on random bytes, 100 batches a chunk."""

from typing import Literal

import torch
from torch import Tensor, nn

from vernal import Chunk, DataModule

ROWS, CLASSES = 6_400, 10


class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.float() / 255


def model_fn(network: Literal["mlp", "cnn"]) -> nn.Module:
    return mlp() if network == "mlp" else cnn()


def mlp() -> nn.Module:
    return nn.Sequential(
        Scaled(), nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, CLASSES)
    )


def cnn() -> nn.Module:
    return nn.Sequential(
        Scaled(), nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(), nn.Flatten(), nn.Linear(2048, 128), nn.ReLU(), nn.Linear(128, CLASSES),
    )  # fmt: skip


def optimizer_fn(parameters: object) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9)


def data_module_fn(number: int, network: Literal["mlp", "cnn"]) -> DataModule:
    generator = torch.Generator().manual_seed(number)
    shape = (784,) if network == "mlp" else (3, 32, 32)
    x = torch.randint(0, 256, (ROWS, *shape), dtype=torch.uint8, generator=generator)
    y = torch.randint(0, CLASSES, (ROWS,), generator=generator)
    return DataModule(train=Chunk.from_arrays(x, y, name=str(number)))
