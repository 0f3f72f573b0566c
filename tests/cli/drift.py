"""A config file for tests: two Gaussian clouds that drift from chunk to chunk; milliseconds an update."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import torch
from torch import nn

from vernal import Chunk, DataModule


def model_fn(hidden: int = 4, gated: bool = False) -> nn.Module:
    """A small network.

    Args:
        hidden: width of the hidden layer.
        gated: whether the hidden layer has a gate.
    """
    return nn.Sequential(nn.Linear(2, hidden), nn.Sigmoid() if gated else nn.ReLU(), nn.Linear(hidden, 2))


def data_module_fn(chunk: int, rows: int = 64) -> DataModule:
    """One chunk of the stream."""
    generator = torch.Generator().manual_seed(chunk)

    def part(count: int, kind: str) -> Chunk:
        y = torch.arange(count) % 2
        x = torch.randn(count, 2, generator=generator) + 3 * y[:, None] + chunk / 2
        return Chunk.from_arrays(x, y, ids=[f"{kind} {chunk}.{row}" for row in range(count)], name=f"chunk {chunk}")

    return DataModule(train=part(rows, "row"), validation=part(32, "held"))


class InterruptOnce:
    """Ctrl-C after the fifth step, unless the marker says that it came already."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def on_train_batch_end(self, loss: torch.Tensor, step: int) -> None:
        if step == 5 and not self._marker.exists():
            self._marker.touch()
            os.kill(os.getpid(), signal.SIGINT)


def callbacks_fn(marker: str = "") -> list[InterruptOnce]:
    """Interrupts the training once, if a marker is named."""
    return [InterruptOnce(Path(marker))] if marker else []
