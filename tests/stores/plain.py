"""Config file of the fixture stores: rows of one shape, with ids and times."""

import torch
from torch import nn

from vernal import Chunk, DataModule


def model_fn(width: int = 4) -> nn.Module:
    """Three scores of four numbers."""
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))


def data_module_fn(number: int) -> DataModule:
    """Sixteen rows to learn from and six to be judged by; sums of whole numbers, so no generator must stay the same."""

    def chunk(part: str, first: int, count: int) -> Chunk:
        places = torch.arange(first, first + count)
        x = torch.stack([(places * k + number) % 7 for k in (1, 2, 3, 5)], dim=1) / 7
        ids = [f"{part} {number}/{i}" for i in range(count)]
        return Chunk.from_arrays(
            x, places % 3, ids=ids, times=(86400.0 * number + places).numpy(), name=f"day {number}"
        )

    return DataModule(train=chunk("train", 0, 16), validation=chunk("validation", 16, 6))
