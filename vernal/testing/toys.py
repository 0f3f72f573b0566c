"""Whole updates on toy data, and a reporter that interrupts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.base import Progress
from vernal.config import Plan
from vernal.methods import Method, Network, Setting
from vernal.store import Store
from vernal.testing import toy_config
from vernal.training import Reporter, Training
from vernal.transaction import Result, update


class InterruptAfter:
    """A reporter that raises `KeyboardInterrupt` once, after the checkpoint of a step.

    Args:
        step: the step of the optimiser, from 1, counted over all stages; a checkpoint must be written after each.
    """

    def __init__(self, step: int) -> None:
        self._wanted, self._written = step, 0

    def phase(self, name: str) -> None:
        """Nothing."""

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """Nothing."""

    def tuning(self, done: float, facts: Sequence[str]) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """The moment."""
        self._written += text.startswith("checkpoint after")
        if self._written == self._wanted:
            self._wanted = 0
            raise KeyboardInterrupt


def toy_plan(
    method: Method | str,
    chunk: int = 1,
    *,
    rows: int = 40,
    task: str = "classification",
    growing: bool = False,
    budget: str = "3ep",
    batch_size: int = 16,
    checkpoint_minutes: float = 5.0,
) -> Plan:
    """The plan of a toy update, on CPU.

    Args:
        method: what is tested.
        chunk: which chunk of the stream, from 1; three differ.
        rows: new rows.
        task: a task by name; a ``"classification"`` has six classes, of which every chunk brings two.
        growing: whether the model has a head that grows, and begins with no class.
        budget: how long to train.
        batch_size: new rows a step.
        checkpoint_minutes: 0 writes a checkpoint after every step.

    Examples:
        >>> toy_plan("er", 2).arguments["chunk"]
        2
    """
    return Plan(
        toy_config.__file__,
        method=method,
        arguments={"chunk": chunk, "rows": rows, "task": task, "growing": growing, "lr": 0.02},
        training=Training(
            budget=budget, batch_size=batch_size, accelerator="cpu", checkpoint_minutes=checkpoint_minutes
        ),
    )


def toy_update(
    store: Store | str | Path, method: Method | str, chunk: int = 1, reporter: Reporter | None = None, **options: Any
) -> Result:
    """One update on toy data; `options` are those of `toy_plan`."""
    return update(toy_plan(method, chunk, **options), store, reporter=reporter)


def toy_setting(model: nn.Module, x: Tensor, y: Tensor, batch_size: int = 16) -> Setting:
    """What a method sees before the first step and after the last, for its hooks to be tested alone."""

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        return zip(torch.split(x, batch_size), torch.split(y, batch_size), strict=True)

    return Setting(Network(model), F.cross_entropy, batches)
