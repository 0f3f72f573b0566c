"""Histories of a stream that turns, policies, and backtests on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vernal.backtest import Backtest, History
from vernal.config import Plan
from vernal.drift import Monitor
from vernal.gate import Gate
from vernal.loop import SCRATCH, Policy
from vernal.sources import Replay
from vernal.training import Training
from vernal.triggers import Always, Drift, Manual, Metric, Rows, Trigger

CONFIG = str(Path(__file__).parent / "turning.py")
HOUR = 3600.0
Columns = dict[str, Any]


def stream(rows: int = 240, degrees: float = 1.0, seed: int = 0, moved_from: int | None = None) -> Columns:
    """A row an hour; the line between the sides turns by some degrees from row to row; inputs may move once."""
    x = np.random.default_rng(seed).normal(size=(rows, 2))
    angle = np.radians(degrees * np.arange(rows))
    place = np.cos(angle) * x[:, 0] + np.sin(angle) * x[:, 1]
    times = HOUR * np.arange(rows)
    if moved_from is not None:
        x[moved_from:] += 2.0
    return {
        "id": np.arange(rows),
        "time": times,
        "a": x[:, 0],
        "b": x[:, 1],
        "side": (place > 0).astype(np.int64),
        "place": place,
    }


def written(folder: Path, columns: Mapping[str, Any], name: str = "history") -> str:
    """The path of a table."""
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table(dict(columns)), path)
    return str(path)


def policy(trigger: Trigger, gate: Gate | None = None, learn: str = "stateful") -> Policy:
    """A policy whose sources do not matter."""
    return Policy([Replay({})], trigger, gate, learn)


def policies() -> dict[str, Policy]:
    """One of every kind."""
    return {
        "never": policy(Manual()),
        "always": policy(Always()),
        "scratch": policy(Always(), learn=SCRATCH),
        "every other": policy(Rows(80), learn=SCRATCH),
        "gated": policy(Always(), Gate(mode="superior", min_items=5)),
        "worse": policy(Metric("correct < 0.9", window=20)),
        "drifted": policy(Drift(on=("features",), every=40, enough=60, monitor=Monitor(min_rows=5))),
    }


def plan(budget: str = "3ep", **arguments: Any) -> Plan:
    """A tiny plan."""
    return Plan(CONFIG, "fine_tune", arguments, training=Training(budget=budget, batch_size=16))


def backtest(
    folder: Path,
    columns: Mapping[str, Any],
    chosen: Mapping[str, Policy],
    every: str | int = 40,
    delay: str | None = None,
) -> Backtest:
    """A backtest whose models lie in a folder."""
    label = None if delay is None else "side"
    history = History([written(folder, columns)], id="id", label=label, delay=delay)
    return Backtest(plan(), history, every, chosen, folder / "models")
