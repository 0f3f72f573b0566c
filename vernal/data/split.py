"""Random, disjoint parts of a dataset."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch.utils.data import Dataset, Subset

from vernal.base import ConfigError, derive_seed


def split(dataset: Dataset[Any], proportions: Sequence[float], seed: int) -> list[Subset[Any]]:
    """Split a dataset at random. The same length, proportions and seed give the same rows.

    Args:
        dataset: any map-style dataset.
        proportions: the share of each part, summing to 1.
        seed: the seed that the user chose.

    Examples:
        >>> train, validation = split(range(10), [0.8, 0.2], seed=0)
        >>> len(train), len(validation), sorted([*train, *validation]) == [*range(10)]
        (8, 2, True)
    """
    parts = split_indices(len(dataset), proportions, seed)  # type: ignore[arg-type]
    return [Subset(dataset, part) for part in parts]


def split_indices(n: int, proportions: Sequence[float], seed: int) -> list[list[int]]:
    """Split the places 0 to ``n - 1`` at random.

    A part has ``round(p * n)`` places, and the last one what is left.

    Args:
        n: how many places there are.
        proportions: the share of each part, summing to 1.
        seed: the seed that the user chose.

    Examples:
        >>> [len(part) for part in split_indices(100, [0.333, 0.333, 0.334], seed=0)]
        [33, 33, 34]
    """
    _check(proportions)
    order = np.random.default_rng(derive_seed(seed, "split")).permutation(n)
    ends = np.cumsum([round(p * n) for p in proportions[:-1]])
    return [part.tolist() for part in np.split(order, ends)]


def split_by_id(ids: np.ndarray[Any, Any], proportions: Sequence[float], seed: int) -> list[list[int]]:
    """Split rows by what they are known by: equal ids fall into the same part, whatever comes with them.

    Only where a part would be left without rows, and another one has more than one id, it gets the id that came closest
    to it. This happens among a handful of rows.

    Args:
        ids: digests of the ids, ``(n, 16)`` uint8.
        proportions: the share of each part, summing to 1.
        seed: the seed that the user chose.

    Examples:
        >>> ids = np.random.default_rng(0).integers(0, 256, (1000, 16), dtype=np.uint8)
        >>> few, all = split_by_id(ids[:10], [0.8, 0.2], seed=0), split_by_id(ids, [0.8, 0.2], seed=0)
        >>> set(few[1]) <= set(all[1]), len(all[1])
        (True, 216)
    """
    _check(proportions)
    known, places = np.unique(ids, axis=0, return_inverse=True)
    part = _parts(_uniform(known, seed), np.asarray(proportions))[places.reshape(-1)]
    return [np.flatnonzero(part == number).tolist() for number in range(len(proportions))]


def _parts(drawn: np.ndarray[Any, Any], shares: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The part of each number in [0, 1), ``(n,)``; no part with a share is empty while another one could give."""
    ends = np.cumsum(shares)
    starts = ends - shares
    part = np.searchsorted(ends[:-1], drawn, side="right")
    for number in np.flatnonzero(shares > 0):
        counts = np.bincount(part, minlength=len(shares))
        if not counts[number] and counts.max() > 1:
            away = np.maximum(starts[number] - drawn, drawn - ends[number])
            part[np.where(counts[part] > 1, away, np.inf).argmin()] = number
    return part


def _uniform(ids: np.ndarray[Any, Any], seed: int) -> np.ndarray[Any, Any]:
    """A number in [0, 1) for each id, ``(n,)``: its digest, hashed with the seed."""
    key = derive_seed(seed, "split by id").to_bytes(8, "little")
    drawn = [hashlib.blake2b(one.tobytes(), digest_size=8, key=key).digest() for one in ids]
    return (np.frombuffer(b"".join(drawn), dtype="<u8") >> 11) / 2.0**53  # As many digits as a float has.


def _check(proportions: Sequence[float]) -> None:
    if not math.isclose(sum(proportions), 1.0, abs_tol=1e-6) or min(proportions) < 0:
        raise ConfigError(
            f"`proportions` must be at least 0 and sum to 1, got {list(proportions)}. "
            "Give the share of every part, the last one too."
        )
