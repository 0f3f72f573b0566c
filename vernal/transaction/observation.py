"""What the model in production makes of new rows: what triggers look at."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vernal.base import derive_seed
from vernal.config import Plan, resolve
from vernal.data import Chunk, Picked, Rows
from vernal.store import Store
from vernal.transaction.new_data import NewData, read_data, together
from vernal.transaction.version import Version

Array = np.ndarray[Any, Any]

SAMPLE = 2000  # rows of each sample
WIDEST = 1024  # columns of raw features; for wider rows the embeddings stand
SAMPLES = ("features", "embeddings", "outputs")
VALUES = ("correct", "loss")


@dataclass(frozen=True)
class Observation:
    """New rows, as the model sees them that has not learned them.

    Args:
        rows: how many there are.
        schema: a digest of what a row looks like.
        values: by name, ``(n, 2)``: the time of each row, and ``"correct"`` (1 right, 0 wrong) or ``"loss"``.
        samples: by name two samples: of rows of the model's own time, and of the new ones.
    """

    rows: int
    schema: str
    values: Mapping[str, Array]
    samples: Mapping[str, tuple[Array, Array]]


def observe(plan: Plan, store: Store | str | Path, key: str, needs: Collection[str], now: float) -> Observation:
    """Look at new rows through a version of the store; nothing is learned and nothing written.

    Args:
        plan: brings config file, data module and the window of new rows. All parts of the data count: the model has
            learned none of them.
        store: where the version lies.
        key: the version.
        needs: what is wanted, of `SAMPLES` and `VALUES`; other names are not for here to know.
        now: the time of rows that have none, seconds since 1970.

    Raises:
        ConfigError: something is wrong with the config file.
        DataError: the rows cannot be read.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    data = read_data(resolve(plan), lambda prepare: prepare())
    schema = str(data.train.schema)
    rows = sum(map(len, data.parts))
    if not {*needs} & {*SAMPLES, *VALUES}:
        return Observation(rows, schema, {}, {})
    version = Version(plan, store, key, data)
    values = _values(version, data.parts, now) if {*needs} & {*VALUES} else {}
    return Observation(rows, schema, values, _samples(version, data, needs))


def _values(version: Version, parts: list[Chunk], now: float) -> dict[str, Array]:
    """Losses and hits of all rows, in the order of their times."""
    times = np.concatenate([part.times.numpy() for part in parts])
    times = np.where(np.isnan(times), now, times)
    found = [version.predictions(part.rows) for part in parts]
    measured = {"loss": np.concatenate([one.losses for one in found])}
    right = [
        None if one.y is None or one.predicted is None else version.situation.task.correct(one.y, one.predicted)
        for one in found
    ]
    if all(one is not None and len(one) == len(part) for one, part in zip(right, parts, strict=True)):
        measured["correct"] = np.concatenate([np.asarray(one) for one in right])
    order = np.argsort(times, kind="stable")
    return {name: np.stack([times, values.astype(np.float64)], 1)[order] for name, values in measured.items()}


def _samples(version: Version, data: NewData, needs: Collection[str]) -> dict[str, tuple[Array, Array]]:
    if not {*needs} & {*SAMPLES}:
        return {}
    reference = _reference(version)
    if reference is None:
        return {}
    current = _some(together(data.parts), derive_seed(version.situation.seed, "current"))
    looks = {"features": _features, "embeddings": version.embeddings, "outputs": version.outputs}
    pairs = {name: (looks[name](reference), looks[name](current)) for name in SAMPLES if name in needs}
    return {name: (old, new) for name, (old, new) in pairs.items() if old is not None and new is not None}


def _reference(version: Version) -> Rows | None:
    """Rows of the time when the version was made: of its newest chunk, or of all if these are too few."""
    memory = version.parent.memory("validation") or version.parent.memory("memory")
    if memory is None or not len(memory):
        return None
    own = np.flatnonzero(memory.index.chunks == int(version.parent.record["number"]))
    rows: Rows = memory if len(own) < min(100, len(memory)) else Picked(memory, torch.from_numpy(own))
    return _some(rows, derive_seed(version.situation.seed, "reference"))


def _some(rows: Rows, seed: int) -> Rows:
    """A sample of rows, in their order."""
    if len(rows) <= SAMPLE:
        return rows
    chosen = np.sort(np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False))
    return Picked(rows, torch.from_numpy(chosen))


def _features(rows: Rows) -> Array | None:
    """The inputs' numbers side by side, ``(n, d)``; None where they are no numbers, vary in length or are many."""
    leaves = {name: leaf for name, leaf in rows.schema.leaves.items() if name == "x" or name.startswith("x.")}
    if any(leaf.varies or leaf.kind == "str" for leaf in leaves.values()):
        return None
    if sum(math.prod(n or 1 for n in leaf.shape) for leaf in leaves.values()) > WIDEST:
        return None
    columns = rows.leaves(torch.arange(len(rows)))
    flat = [np.asarray(columns[name], np.float64).reshape(len(rows), -1) for name in leaves]
    return np.concatenate(flat, axis=1)
