"""Real streams as tables of the past: numbers, a label, an id, and a time in which a chunk lasts a day."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

Array = np.ndarray[Any, Any]
DATA = Path(os.environ.get("VERNAL_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data"))
BEGIN, DAY = 1_600_000_000.0, 86_400.0


@dataclass(frozen=True)
class Table:
    """A stream in the order of time.

    Args:
        title: for people.
        read: gives features ``(n, d)`` and labels ``(n,)``.
        first: rows of the first chunk, from which every policy has its first model.
        rows: of each later chunk.
    """

    title: str
    read: Callable[[], tuple[Array, Array]]
    first: int
    rows: int

    def write(self, path: Path) -> tuple[int, int]:
        """Write the table; how many features and classes it has.

        Features are standardised by the first chunk, which is all that one knows at the beginning, and then squashed by
        asinh: indicators that stood still in it would later be hundreds of its deviations away.
        """
        x, y = self.read()
        deviation = x[: self.first].std(axis=0)
        x = np.arcsinh((x - x[: self.first].mean(axis=0)) / np.where(deviation > 0, deviation, 1)).astype(np.float32)
        columns: dict[str, Any] = {f"x{column}": x[:, column] for column in range(x.shape[1])}
        ids = [f"row {row}" for row in range(len(y))]
        pq.write_table(pa.table(columns | {"y": y.astype(np.int64), "id": ids, "time": self.times(len(y))}), path)
        return x.shape[1], int(y.max()) + 1

    def times(self, n: int) -> Array:
        """A chunk a day, however long it was; its rows lie strictly within, but for the very first."""
        first = np.arange(self.first) / (self.first + 1)
        chunk, place = np.divmod(np.arange(n - self.first), self.rows)
        return BEGIN + DAY * np.concatenate([first, 1 + chunk + (place + 1) / (self.rows + 1)])


def bank() -> tuple[Array, Array]:
    table = pd.read_csv(DATA / "bank_marketing" / "bank_marketing.csv.gz", keep_default_na=False)
    return _numbers(table.drop(columns=["y", "duration", "year"])), (table["y"] == "yes").to_numpy()


def elec2() -> tuple[Array, Array]:
    table = pd.read_csv(DATA / "elec2" / "elec2.csv.gz")
    x = table[["day", "period", "nswdemand", "vicprice", "vicdemand", "transfer"]].to_numpy(np.float64)
    return x, (table["class"] == "UP").to_numpy()


def flights() -> tuple[Array, Array]:
    """Every tenth flight."""
    table = pd.read_csv(DATA / "nyc_flights" / "nyc_flights.csv.gz", parse_dates=["date"])[::10]
    late = (table["arr_delay"] > 15).to_numpy()
    table["weekday"] = table["date"].dt.weekday.astype(str)
    table["no_gust"] = table["wind_gust"].isna().astype(float)
    table = table.drop(columns=["arr_delay", "date", "flight", "dest"])
    return _numbers(table.fillna(table.iloc[:2_400].median(numeric_only=True))), late


def gas() -> tuple[Array, Array]:
    """Rows within a batch have no order, and lie class by class: they are shuffled, once."""
    with np.load(DATA / "gas_drift" / "gas_drift.npz") as data:
        x, y, batch = data["X"].astype(np.float64), data["gas"], data["batch"]
    order = np.lexsort([np.random.default_rng(0).permutation(len(y)), batch])
    return x[order], y[order]


def weather() -> tuple[Array, Array]:
    table = pd.read_csv(DATA / "noaa_weather" / "noaa_weather.csv.gz")
    return table.iloc[:, :8].to_numpy(np.float64), table["rain"].to_numpy()


def _numbers(table: pd.DataFrame) -> Array:
    """Numbers as they are, and a column of 0 and 1 for each word."""
    return pd.get_dummies(table, dtype=float).to_numpy(np.float64)


# About fifty chunks each. The first one is as large as four; of the gas sensors it is the first batch.
TABLES = {
    "bank": Table("Bank marketing, 2008-2010", bank, 3_200, 800),
    "elec2": Table("Electricity prices, 1996-1998: three weeks a chunk", elec2, 4_032, 1_008),
    "flights": Table("Flights of 2013, every tenth", flights, 2_400, 600),
    "gas": Table("Gas sensors, 2008-2011", gas, 445, 125),
    "weather": Table("Weather, 1949-1999: a year a chunk (control)", weather, 1_460, 365),
}
