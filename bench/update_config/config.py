"""What `bench/small_update.py` trains: a small network on random bytes; a negative number asks for that many rows."""

import torch
from torch import Tensor, nn

from vernal import Chunk, DataModule


class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.float() / 255


def model_fn() -> nn.Module:
    return nn.Sequential(Scaled(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def data_module_fn(number: int) -> DataModule:
    generator = torch.Generator().manual_seed(abs(number))
    rows = -number if number < 0 else 640
    x = torch.randint(0, 256, (rows, 784), dtype=torch.uint8, generator=generator)
    y = torch.randint(0, 10, (rows,), generator=generator)
    return DataModule(train=Chunk.from_arrays(x, y, name=str(number)))
