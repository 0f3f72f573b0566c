"""Learning curves of a fixed set of configurations over real updates, computed once: searches are replayed over them.

An update trains from the weights of its parent on a new chunk, with rows of a reservoir memory replayed beside it. All
configurations of an update begin from the same parent: the best one of the update before, at the end of its training.
What is measured after each epoch is the score on held-out rows of all chunks so far: accuracy, or the area under the
ROC curve where there are two classes.
"""

from __future__ import annotations

import copy
import functools
import gzip
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.base import derive_seed
from vernal.space import Space, choice, loguniform, uniform

UPDATES, EPOCHS, CONFIGS, MEMORY = 5, 9, 160, 500
SPACE = Space(
    {
        "optimizer": choice("SGD", "AdamW"),
        "learning_rate": loguniform(1e-4, 1.0),
        "weight_decay": loguniform(1e-6, 1e-1),
        "batch_size": choice(32, 64, 128),
        "replay": uniform(0.0, 2.0),
    }
)
DEFAULT = {"optimizer": "SGD", "learning_rate": 0.01, "weight_decay": 1e-4, "batch_size": 64, "replay": 1.0}
DATA = Path(os.environ.get("VERNAL_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data"))

Config = Mapping[str, Any]
Rows = tuple[Tensor, Tensor]
Loader = Callable[[], list[tuple[Rows, Rows]]]


@dataclass(frozen=True)
class Pool:
    """The curves of all configurations in one update.

    Args:
        configs: these; the first one is the default.
        curves: the score after each epoch, of each configuration.
    """

    configs: list[dict[str, Any]]
    curves: list[list[float]]


def pools(name: str, folder: Path) -> list[Pool]:
    """The pools of a sequence, one for each update: read from a folder, or trained and written there."""
    path = folder / f"transfer_{name}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_trained(name)))
    return [Pool(**pool) for pool in json.loads(path.read_text())]


def configurations() -> list[dict[str, Any]]:
    """The default, and others at random."""
    rng = np.random.default_rng(0)
    return [dict(DEFAULT), *(SPACE.sample(rng) for _ in range(CONFIGS - 1))]


# Data: (train, test) of each of five chunks


def gas() -> list[tuple[Rows, Rows]]:
    with np.load(DATA / "gas_drift" / "gas_drift.npz") as data:
        x, y, batch = data["X"], data["gas"], data["batch"]
    x = np.sign(x) * np.log1p(np.abs(x))
    first = batch == 1
    x = (x - x[first].mean(0)) / (x[first].std(0) + 1e-6)
    return [_cut(x, y, np.isin(batch, part), 1_500) for part in ([1], [2], [3], [4, 5], [6])]


def flights() -> list[tuple[Rows, Rows]]:
    from streams.flights import _table

    x, y, month = _table()
    return [_cut(x, y, month == number, 3_000) for number in range(1, UPDATES + 1)]


def elec2() -> list[tuple[Rows, Rows]]:
    import pandas as pd

    table = pd.read_csv(DATA / "elec2" / "elec2.csv.gz")
    numbers = table[["nswdemand", "vicprice", "vicdemand", "transfer"]].to_numpy("float32")
    numbers = (numbers - numbers.mean(0)) / numbers.std(0)
    hour = 2 * np.pi * table["period"].to_numpy("float32")[:, None]
    x = np.concatenate([numbers, np.sin(hour), np.cos(hour), np.eye(8)[table["day"]]], axis=1)
    part = np.arange(len(x)) * UPDATES // len(x)
    y = (table["class"] == "UP").to_numpy()
    return [_cut(x, y, part == number, 3_000) for number in range(UPDATES)]


def fashion() -> list[tuple[Rows, Rows]]:
    x = _unpacked("train-images-idx3", 16).reshape(-1, 784).astype(np.float32) / 255
    y = _unpacked("train-labels-idx1", 8)
    return [_cut(x, y, y // 2 == number, 3_000) for number in range(UPDATES)]


SEQUENCES: dict[str, Loader] = {"gas": gas, "flights": flights, "elec2": elec2, "fashion": fashion}


def _cut(x: np.ndarray, y: np.ndarray, mask: np.ndarray, most: int) -> tuple[Rows, Rows]:
    """Rows of one chunk at random, at most so many; two thirds of them to train on."""
    rows = np.random.default_rng(0).permutation(np.flatnonzero(mask))[:most]
    cut = len(rows) // 3
    train, test = (
        (torch.from_numpy(np.ascontiguousarray(x[part], np.float32)), torch.from_numpy(y[part].astype(np.int64)))
        for part in (rows[cut:], rows[:cut])
    )
    return train, test


@functools.cache
def _unpacked(what: str, offset: int) -> np.ndarray:
    with gzip.open(DATA / "fashion_mnist" / f"{what}-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


# Training


def _trained(name: str) -> list[dict[str, Any]]:
    began, chunks = time.perf_counter(), SEQUENCES[name]()
    torch.manual_seed(0)
    classes = 1 + max(int(train[1].max()) for train, _ in chunks)
    parent, memory, result = _network(chunks[0][0][0].shape[1], classes), None, []
    for number in range(UPDATES):
        test = _joined([part for _, part in chunks[: number + 1]])
        runs = [_fit(parent, config, chunks[number][0], memory, test) for config in configurations()]
        parent = max(runs, key=lambda run: run[0][-1])[1]
        memory = _remembered([train for train, _ in chunks[: number + 1]])
        result.append({"configs": configurations(), "curves": [curve for curve, _ in runs]})
        print(f"{name}, update {number + 1}: best {max(c[-1] for c, _ in runs):.4f}, "
              f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
    return result


def _network(features: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.Linear(features, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, classes))


def _fit(
    parent: nn.Module, config: Config, new: Rows, memory: Rows | None, test: Rows
) -> tuple[list[float], nn.Module]:
    model, generator = copy.deepcopy(parent), torch.Generator().manual_seed(derive_seed(0, json.dumps(config)))
    kind = torch.optim.SGD if config["optimizer"] == "SGD" else torch.optim.AdamW
    options = {"momentum": 0.9} if config["optimizer"] == "SGD" else {}
    optimizer = kind(
        model.parameters(), lr=config["learning_rate"], weight_decay=config["weight_decay"], **options, foreach=True
    )
    curve = []
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(new[1]), generator=generator).split(config["batch_size"]):
            loss = F.cross_entropy(model(new[0][rows]), new[1][rows])
            if memory is not None:
                old = torch.randint(len(memory[1]), (config["batch_size"],), generator=generator)
                loss = loss + config["replay"] * F.cross_entropy(model(memory[0][old]), memory[1][old])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            curve.append(_score(model(test[0]), test[1]))
    return curve, model


def _score(outputs: Tensor, y: Tensor) -> float:
    if not outputs.isfinite().all():
        return 0.0
    if outputs.shape[1] > 2:
        return float((outputs.argmax(1) == y).double().mean())
    ranks = torch.empty(len(y), dtype=torch.float64)
    ranks[(outputs[:, 1] - outputs[:, 0]).argsort()] = torch.arange(1, len(y) + 1, dtype=torch.float64)
    ones = int(y.sum())
    return float((ranks[y == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(y) - ones)))


def _joined(parts: Sequence[Rows]) -> Rows:
    return torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])


def _remembered(parts: Sequence[Rows]) -> Rows:
    """What a reservoir holds after these chunks: any row as likely."""
    x, y = _joined(parts)
    rows = torch.from_numpy(np.random.default_rng(1).permutation(len(y))[:MEMORY])
    return x[rows], y[rows]
