"""Config files of one lineage: as it began, wider, with one more feature, and with another backbone."""

from __future__ import annotations

FIRST = """
import torch
from torch import nn

from vernal import Chunk, DataModule
from vernal.models import GrowingHead, transplant

FEATURES = 3


def model_fn(width: int = 6) -> nn.Module:
    return nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, 4))


def data_module_fn(number: int) -> DataModule:
    generator = torch.Generator().manual_seed(number)

    def chunk(rows: int, part: str) -> Chunk:
        y = torch.arange(rows) % 4
        angle = y * torch.pi / 2 + number / 10
        x = torch.stack([2 * angle.cos(), 2 * angle.sin(), *torch.ones(FEATURES - 2, rows)], 1)
        x = x + 0.3 * torch.randn(x.shape, generator=generator)
        ids = [f"{part} {number}/{row}" for row in range(rows)]
        return Chunk.from_arrays(x, y, ids=ids, times=[float(number)] * rows, name=f"{part} {number}")

    return DataModule(train=chunk(32, "train"), validation=chunk(20, "validation"))
"""

WIDER = (
    FIRST.replace("width: int = 6", "width: int = 6, wide: int = 10")
    .replace("width)", "wide)")
    .replace("(width,", "(wide,")
    + """

def previous_model_fn(width: int = 6) -> nn.Module:
    return nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, 4))


def migrate_fn(champion: nn.Module, model: nn.Module) -> nn.Module:
    return transplant(champion, model)
"""
)

ONE_MORE = (
    FIRST.replace("FEATURES = 3", "FEATURES = 4")
    + """

class Previous(nn.Sequential):
    def forward(self, x):
        return super().forward(x[:, :3])  # It never knew the fourth.


def previous_model_fn(width: int = 6) -> nn.Module:
    return Previous(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 4))


def migrate_fn(champion: nn.Module, model: nn.Module) -> nn.Module:
    return transplant(champion, model)


def upgrade_row_fn():
    return lambda x, y: (torch.cat([x, torch.ones(1)]), y)
"""
)

BACKBONE = (
    FIRST.replace("return nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, 4))", "return Net()")
    + """

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(FEATURES, 12), nn.Tanh(), nn.Linear(12, 12), nn.Tanh())
        self.head = GrowingHead(12)

    def forward(self, x):
        return self.head(self.body(x))


def previous_model_fn(width: int = 6) -> nn.Module:
    return nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, 4))
"""
)
