"""Which of 25 categories is a paper in, by its title? Two years a chunk. Data: ../shared/data/arxiv_topics.

Words change, and categories appear: the head grows with them. Titles are bags of hashed words. Needs pandas.
"""

import functools
import os
import re
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from vernal import Chunk, DataModule
from vernal.models import GrowingHead

PERIODS = ((2007, 2009), (2010, 2011), (2012, 2013), (2014, 2015), (2016, 2017), (2018, 2019))
CHUNKS = len(PERIODS)
BUCKETS, WORDS = 2**14, 24
TEST_ROWS = 1_000
DATA = Path(os.environ.get("VERNAL_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data")) / "arxiv_topics"


class MeanOfWords(nn.Module):
    """The mean of the embeddings of a title's words; 0 stands for no word."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(BUCKETS + 1, width, padding_idx=0)

    def forward(self, x: Tensor) -> Tensor:
        words = (x > 0).sum(1, keepdim=True).clamp(min=1)
        return self.embedding(x).sum(1) / words


def model_fn(seed: int) -> nn.Module:
    return nn.Sequential(MeanOfWords(32), nn.Linear(32, 64), nn.ReLU(), GrowingHead(64))


def optimizer_fn(parameters: object, lr: float = 1e-2) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, lr=lr)


def data_module_fn(chunk: int, seed: int, rows: int = 3_000) -> DataModule:
    """Titles of one period, drawn anew for every seed."""
    first, last = PERIODS[chunk]
    table = _table()
    drawn = table[table["year"].between(first, last)].sample(rows + TEST_ROWS, random_state=seed)
    x = np.stack([_hashed(title) for title in drawn["title"]])
    y, name = drawn["label"].to_numpy(np.int64, copy=True), f"{first}-{last}"
    return DataModule(
        train=Chunk.from_arrays(x[:rows], y[:rows], name=name),
        validation=Chunk.from_arrays(x[rows:], y[rows:], name=name),
    )


def _hashed(title: str) -> np.ndarray:
    buckets = [1 + zlib.crc32(word.encode()) % BUCKETS for word in re.findall(r"\w+", title.lower())][:WORDS]
    return np.array(buckets + [0] * (WORDS - len(buckets)), np.int32)


@functools.cache
def _table() -> pd.DataFrame:
    """Titles with their year and their category's number; categories count in the order in which they appeared."""
    table = pd.read_csv(DATA / "arxiv_titles.csv.gz", dtype=str)
    table["year"] = table["created"].str[:4].astype(int)
    table = table[table["year"] >= PERIODS[0][0]]
    return table.assign(label=pd.factorize(table["category"])[0])
