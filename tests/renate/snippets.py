"""A config file and a job as they were written for Renate: only the import lines change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vernal.renate import run_training_job
from vernal.transaction import Result

# Snippets 1 to 3: the functions, a module class, a data module class. Images of 4 by 4 stand in for MNIST.
CONFIG = """
from typing import Callable, Optional

import torch
from torch.utils.data import TensorDataset

from renate import defaults
from renate.data.data_module import RenateDataModule
from renate.models import RenateModule


class MyMLP(RenateModule):
    def __init__(self, num_hidden: int) -> None:
        super().__init__(
            constructor_arguments={"num_hidden": num_hidden},
            loss_fn=torch.nn.CrossEntropyLoss(reduction="none"),
        )
        self._fc1 = torch.nn.Linear(4 * 4, num_hidden)
        self._fc2 = torch.nn.Linear(num_hidden, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._fc2(torch.nn.functional.relu(self._fc1(x)))


def model_fn(model_state_url: Optional[str] = None) -> RenateModule:
    if model_state_url is None:
        return MyMLP(num_hidden=16)
    state_dict = torch.load(model_state_url)
    return MyMLP.from_state_dict(state_dict)


class MyDataModule(RenateDataModule):
    def __init__(self, data_path: str, chunk_id: int, val_size: float, seed: int = 42) -> None:
        super().__init__(data_path, val_size=val_size, seed=seed)
        self._chunk_id = chunk_id

    def prepare_data(self) -> None:
        pass

    def setup(self) -> None:
        train = self._images(100, self._chunk_id)
        self._train_data, self._val_data = self._split_train_val_data(train)
        self._test_data = self._images(20, self._chunk_id + 100)

    def _images(self, n: int, seed: int) -> TensorDataset:
        generator = torch.Generator().manual_seed(seed)
        y = torch.randint(0, 4, (n,), generator=generator)
        x = 0.3 * torch.randn(n, 1, 4, 4, generator=generator)
        x[torch.arange(n), 0, y, (y + self._chunk_id) % 4] += 1
        return TensorDataset(x, y)


def data_module_fn(data_path: str, chunk_id: int = 0, seed: int = defaults.SEED) -> RenateDataModule:
    return MyDataModule(data_path, chunk_id, val_size=0.2, seed=seed)


def train_transform() -> Callable:
    return torch.flatten


def test_transform() -> Callable:
    return torch.flatten
"""

# Snippet 5: a configuration space of fixed values.
SPACE = {
    "optimizer": "SGD",
    "momentum": 0.0,
    "weight_decay": 1e-2,
    "learning_rate": 0.05,
    "batch_size": 20,
    "batch_memory_frac": 0.5,
    "max_epochs": 3,
    "memory_size": 30,
}


def write_config(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the config file, import lines and all else as told."""
    text = CONFIG.replace("from renate", "from vernal.renate")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "renate_config.py"
    path.write_text(text)
    return path


def run_job(config: Path, output: Path | str, **options: Any) -> Result:
    """Snippet 4: a job, with what a test wants to be different."""
    defaults: dict[str, Any] = {
        "mode": "max",
        "config_space": SPACE,
        "metric": "val_accuracy",
        "backend": "local",
        "updater": "ER",
        "max_epochs": 3,
        "working_directory": str(config.parent / "work"),
        "accelerator": "cpu",
    }
    return run_training_job(**defaults | {"config_file": str(config), "output_state_url": str(output)} | options)


def checkpoint(folder: Path) -> dict[str, torch.Tensor]:
    """What a config file of Renate's reads."""
    state: dict[str, torch.Tensor] = torch.load(folder / "model.ckpt")
    return state
