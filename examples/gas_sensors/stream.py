"""The gas sensors as a stream: Parquet files that appear in a folder, and a loop that decides when to learn them.

vernal run-once examples/gas_sensors/stream.py --store runs/gas --inbox in --now "The first model."
vernal run-once examples/gas_sensors/stream.py --store runs/gas --inbox in
vernal watch examples/gas_sensors/stream.py --store runs/gas --inbox in

``vernal init --data 'in/*.parquet' --label gas`` writes a file like this one for your own tables.
"""

import torch
from torch import nn

from vernal import DataModule
from vernal.data import Window
from vernal.loop import Policy
from vernal.sources import Files
from vernal.triggers import Drift, Rows

FEATURES, GASES = 128, 6


class Logarithms(nn.Module):
    """The signals span seven orders of magnitude, with both signs."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.sign() * x.abs().log1p()


def model_fn(hidden: int = 128) -> nn.Module:
    """The network of config.py, but it takes signals as they are: what it does to them first is a part of it."""
    return nn.Sequential(
        Logarithms(),
        nn.BatchNorm1d(FEATURES),
        nn.Linear(FEATURES, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, GASES),
    )


def data_module_fn(window: Window) -> DataModule:
    """The files that the loop gives: three quarters of their rows to learn, one to be judged by."""
    train, validation = window.chunk(target="gas", id_column="id", time_column="time").split([0.75, 0.25])
    return DataModule(train=train, validation=validation)


def policy_fn(inbox: str = "in") -> Policy:
    """An update is worth it when the data has changed, tested every 100 rows, or when 600 rows have come.

    The gate is the usual one: a new model takes over if it is shown not to be worse by more than a point.
    """
    return Policy([Files(inbox)], Drift(every=100) | Rows(600))
