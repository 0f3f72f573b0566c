"""Late or not: flights out of New York, a month a chunk. Data: ../shared/data/nyc_flights (needs pandas)."""

import functools
import os
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from vernal import Chunk, DataModule

CHUNKS = 12
FEATURES = 141
DATA = Path(os.environ.get("VERNAL_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data")) / "nyc_flights"
NUMBERS = [
    "sched_minute",
    "distance",
    "temp",
    "dewp",
    "humid",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
]


class AUROC:
    """Area under the ROC curve of "late", by ranks."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.scores: list[Tensor] = []
        self.labels: list[Tensor] = []

    def to(self, device: torch.device) -> "AUROC":
        return self

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        self.scores.append((outputs[:, 1] - outputs[:, 0]).cpu())
        self.labels.append(targets.cpu())

    def compute(self) -> float:
        scores, labels = torch.cat(self.scores), torch.cat(self.labels).bool()
        ranks = torch.empty(len(scores), dtype=torch.float64)
        ranks[scores.argsort()] = torch.arange(1, len(scores) + 1, dtype=torch.float64)
        late, on_time = int(labels.sum()), int((~labels).sum())
        return float((ranks[labels].sum() - late * (late + 1) / 2) / (late * on_time))


def metrics_fn() -> dict[str, AUROC]:
    return {"auroc": AUROC()}


def model_fn(seed: int) -> nn.Module:
    return nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))


def data_module_fn(chunk: int, seed: int) -> DataModule:
    x, y, month = _table()
    rows = np.flatnonzero(month == chunk + 1)
    order = rows[np.random.default_rng(seed).permutation(len(rows))]
    cut = len(order) // 4
    parts = (Chunk.from_arrays(x[part], y[part], name=f"2013-{chunk + 1:02}") for part in (order[cut:], order[:cut]))
    return DataModule(*parts)


@functools.cache
def _table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = pd.read_csv(DATA / "nyc_flights.csv.gz", parse_dates=["date"])
    numbers = table[NUMBERS].to_numpy("float32")
    missing = np.isnan(numbers)
    # Scaled by January alone: that is all one knows at the beginning.
    january = table["date"].dt.month.to_numpy() == 1
    numbers = (numbers - np.nanmean(numbers[january], 0)) / np.nanstd(numbers[january], 0)
    dummies = pd.get_dummies(table[["carrier", "origin", "dest"]]).to_numpy("float32")
    weekday = pd.get_dummies(table["date"].dt.weekday).to_numpy("float32")
    x = np.concatenate([np.where(missing, 0, numbers), missing[:, 6:7], dummies, weekday], axis=1).astype(np.float32)
    return x, (table["arr_delay"] > 15).to_numpy(np.int64), table["date"].dt.month.to_numpy()
