"""What `bench/policies.py` trains: a small network on numbers, whatever the stream."""

import torch
from torch import nn

from vernal import DataModule
from vernal.data import Window


def model_fn(features: int, classes: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(features, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, classes),
    )  # fmt: skip


def optimizer_fn(parameters: object) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, lr=3e-3)


def data_module_fn(window: Window) -> DataModule:
    """The same fifth of all rows is held out in every update, for gates and as the reference of drift."""
    train, validation = window.chunk("y", id_column="id", time_column="time").split([0.8, 0.2])
    return DataModule(train=train, validation=validation)
