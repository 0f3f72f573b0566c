"""A stream whose updates take milliseconds, and yet use dropout, a schedule, ids, times and validation data."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from vernal.config import Plan
from vernal.store import Store
from vernal.training import Training

CONFIG = """
import torch
from torch import nn
from torch.optim.lr_scheduler import LinearLR

from vernal import Chunk, DataModule


def model_fn(width: int = 8, features: int = 4, classes: int = 3) -> nn.Module:
    layers = nn.Linear(features, width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, classes)
    return nn.Sequential(*layers)


def data_module_fn(number: int, rows: int = 40, validation_rows: int = 12) -> DataModule:
    generator = torch.Generator().manual_seed(number)

    def chunk(part: str, count: int) -> Chunk:
        x, y = torch.randn(count, 4, generator=generator) + number, torch.randint(3, (count,), generator=generator)
        ids = [f"{part} {number}/{i}" for i in range(count)]
        return Chunk.from_arrays(x, y, ids=ids, times=[86400.0 * number] * count, name=f"day {number}")

    return DataModule(train=chunk("train", rows), validation=chunk("validation", validation_rows))


def lr_scheduler_fn(optimizer, total_steps) -> LinearLR:
    return LinearLR(optimizer, total_iters=9)
"""


def write_config(folder: Path, text: str = CONFIG) -> Path:
    """A config file in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.py"
    path.write_text(text, encoding="utf-8")
    return path


def plan(config: Path, number: int, method: Any = "er", *, arguments: Any = (), **training: Any) -> Plan:
    """The plan of one update, on CPU."""
    options = {"budget": "3ep", "batch_size": 16, "accelerator": "cpu", "checkpoint_minutes": 0} | training
    return Plan(config, method=method, arguments={"number": number} | dict(arguments), training=Training(**options))


def outcome(store: Store, key: str = "champion") -> dict[str, Any]:
    """All of an update that an uninterrupted one would have as well: everything but times and machine."""
    record = store.record(key)
    artefacts = {
        name: [store.resolve(artefact["blob"]), *map(store.resolve, artefact.get("needs", ()))]
        for name, artefact in record["artefacts"].items()
    }
    training = {name: value for name, value in record["training"].items() if name != "resumed"}
    kept = ("id", "name", "request", "parent", "number", "chunk", "plan", "task", "memory", "metrics", "decision")
    return {name: record[name] for name in kept} | {"artefacts": artefacts, "training": training}


def copy_of(store: Path, name: str) -> Path:
    """A copy of a store on disk, beside it."""
    copy = store.with_name(name)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(store, copy)
    return copy


def bytes_of(store: Path) -> dict[str, bytes]:
    """All stored bytes by path; neither locks nor unfinished work nor what was verified."""
    tops = [store / "vernal.json", *(store / "journal").rglob("*"), *(store / "blobs").rglob("*")]
    return {str(path.relative_to(store)): path.read_bytes() for path in tops if path.is_file()} | entries_of(store)


def entries_of(store: Path) -> dict[str, bytes]:
    """The entries in the database of a store, if it has one, with nothing in between that could refuse to read them."""
    if not (store / "ledger.db").exists():
        return {}
    with closing(sqlite3.connect(store / "ledger.db")) as connection:
        return {
            f"entry {number}": data for number, data in connection.execute("SELECT number, data FROM vernal_journal")
        }
