"""Datasets as users write them."""

import random

import numpy as np
import torch
from torch.utils.data import Dataset


class Listed(Dataset):
    """Rows out of a list."""

    def __init__(self, rows):
        self._rows = rows

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, place):
        return self._rows[place]


class Batched(Listed):
    """Rows that can be fetched many at a time, and only so."""

    def __getitem__(self, place):
        raise AssertionError("One row at a time.")

    def __getitems__(self, places):
        return [self._rows[place] for place in places]


class Augmented(Dataset):
    """Random crops, so to speak: each reading draws from all three global generators."""

    def __init__(self, count):
        self._count = count

    def __len__(self):
        return self._count

    def __getitem__(self, place):
        x = torch.tensor([float(place), torch.rand(()).item(), np.random.rand(), random.random()])
        return x, place % 2


def global_states():
    return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()
