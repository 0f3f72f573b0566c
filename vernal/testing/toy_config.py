"""The config file of a toy: every chunk brings two new blobs, or the next piece of a curve; milliseconds an update."""

from __future__ import annotations

import torch
from torch import nn

from vernal.data import Chunk, DataModule

CLASSES, FEATURES, VALIDATION_ROWS = 6, 2, 24


def model_fn(task: str = "classification", hidden: int = 8) -> nn.Module:
    """A network of one hidden layer: scores of six classes ``(B, 6)``, or one value ``(B, 1)``."""
    outputs = CLASSES if task == "classification" else 1
    return nn.Sequential(nn.Linear(FEATURES, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def data_module_fn(chunk: int, rows: int = 40, task: str = "classification") -> DataModule:
    """Chunk number `chunk` (from 1) of a stream that changes, with `rows` rows to learn from."""
    draw = _blobs if task == "classification" else _curve
    generator = torch.Generator().manual_seed(chunk)
    parts = [
        Chunk.from_arrays(*draw(chunk, count, generator), name=f"chunk {chunk}") for count in (rows, VALIDATION_ROWS)
    ]
    return DataModule(train=parts[0], validation=parts[1])


def _blobs(chunk: int, rows: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Two classes that no other of three chunks has, on a circle of six."""
    y = (2 * (chunk - 1) + torch.arange(rows) % 2) % CLASSES
    angle = y * (2 * torch.pi / CLASSES)
    centre = 3 * torch.stack([angle.cos(), angle.sin()], dim=1)
    return centre + 0.3 * torch.randn(rows, FEATURES, generator=generator), y


def _curve(chunk: int, rows: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """A piece of a wave, further right with every chunk; the second input is noise."""
    x = torch.rand(rows, FEATURES, generator=generator)
    x[:, 0] += chunk - 2
    return x, (3 * x[:, 0]).sin()
