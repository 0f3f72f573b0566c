"""The config file of a tiny stream: two numbers, and which side of a line they lie on; milliseconds an update."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn, optim

from vernal.data import DataModule, Window


def task_fn(target: str = "side") -> str:
    return "classification" if target == "side" else "regression"


def model_fn(target: str = "side") -> nn.Module:
    return nn.Linear(2, 2 if target == "side" else 1)


def data_module_fn(window: Window, target: str = "side") -> DataModule:
    chunk = window.chunk(target, features=["a", "b"], id_column="id", time_column="time")
    if len(chunk) < 4:
        return DataModule(train=chunk)
    train, validation = chunk.split([0.75, 0.25], seed=0)
    return DataModule(train=train, validation=validation)


def optimizer_fn(parameters: Iterable[nn.Parameter], rate: float = 0.5) -> optim.Optimizer:
    return optim.SGD(parameters, lr=rate)
