"""The config file of a toy: a small stream that changes, for every task; milliseconds an update."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vernal.data import Chunk, DataModule
from vernal.models import GrowingHead

CLASSES, FEATURES, VALIDATION_ROWS, LENGTH = 6, 2, 24, 5
OUTPUTS = {
    "classification": CLASSES,
    "multilabel": 3,
    "regression": 1,
    "heteroscedastic": 2,
    "ranking": 1,
    "segmentation": 3,
    "sequence_labelling": 3,
}


def task_fn(task: str = "classification") -> str:
    """The task by its name."""
    return task


def model_fn(task: str = "classification", hidden: int = 8, growing: bool = False) -> nn.Module:
    """A network of one hidden layer: for a classification, scores of six classes ``(B, 6)``.

    A `growing` one begins with no class at all.
    """
    outputs = OUTPUTS[task]
    if task == "segmentation":
        return nn.Sequential(nn.Conv1d(FEATURES, hidden, 1), nn.ReLU(), nn.Conv1d(hidden, outputs, 1))
    head = GrowingHead(hidden) if growing else nn.Linear(hidden, outputs)
    return nn.Sequential(nn.Linear(FEATURES, hidden), nn.ReLU(), head)


def data_module_fn(chunk: int, rows: int = 40, task: str = "classification") -> DataModule:
    """Chunk number `chunk` (from 1) of a stream that changes, with `rows` rows to learn from."""
    generator = torch.Generator().manual_seed(chunk)
    parts = [
        Chunk.from_arrays(*_draw(task, chunk, count, generator), name=f"chunk {chunk}")
        for count in (rows, VALIDATION_ROWS)
    ]
    return DataModule(train=parts[0], validation=parts[1])


def _draw(task: str, chunk: int, rows: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    if task == "classification":
        return _blobs(chunk, rows, generator)
    if task in ("ranking", "segmentation", "sequence_labelling"):
        x = _places(chunk, (rows, LENGTH), generator)
        y = (1.49 + 1.49 * (3 * x[..., 0]).sin()).long()  # 0, 1 or 2 at every place
        return (x.transpose(1, 2), y) if task == "segmentation" else (x, y)
    x = _places(chunk, (rows,), generator)
    wave = (3 * x[:, 0]).sin()
    return x, torch.stack([wave > shift for shift in (-0.5, 0, 0.5)], dim=1) if task == "multilabel" else wave


def _blobs(chunk: int, rows: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two classes that no other of three chunks has, on a circle of six."""
    y = (2 * (chunk - 1) + torch.arange(rows) % 2) % CLASSES
    angle = y * (2 * torch.pi / CLASSES)
    centre = 3 * torch.stack([angle.cos(), angle.sin()], dim=1)
    return centre + 0.3 * torch.randn(rows, FEATURES, generator=generator), y


def _places(chunk: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Places along a wave, further right with every chunk; the second input is noise."""
    x = torch.rand(*shape, FEATURES, generator=generator)
    x[..., 0] += chunk - 2
    return x
