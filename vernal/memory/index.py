"""Which rows are in memory, and in which files they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

MOST_SEGMENTS = 48  # each holds a few open files


@dataclass(frozen=True)
class Segment:
    """Rows that were written together.

    Args:
        rows: how many, dead ones included.
        columns: the digest of the file of each column.
    """

    rows: int
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Index:
    """Which rows of which segments are in memory, oldest first; one entry a row in every array.

    Args:
        segment: the segment it lies in, int32.
        place: its place there, int32.
        keys: its random key, float64.
        labels: its class, int64; 0 where there are no classes.
        chunks: the number of the update that brought it, int32.
    """

    segment: np.ndarray[Any, Any]
    place: np.ndarray[Any, Any]
    keys: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    chunks: np.ndarray[Any, Any]

    def pick(self, rows: Any) -> Index:
        """The index of some of the rows."""
        return Index(*(values[rows] for values in vars(self).values()))

    def joined(self, other: Index) -> Index:
        """The rows of this index, and then those of the other."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Index(*(np.concatenate(pair) for pair in pairs))

    @classmethod
    def empty(cls) -> Self:
        """No rows."""
        types = (np.int32, np.int32, np.float64, np.int64, np.int32)
        return cls(*(np.empty(0, dtype) for dtype in types))


@dataclass(frozen=True)
class Plan:
    """Which rows the next memory holds; made before anything is written.

    Args:
        keep: places of rows of this memory that stay, ascending.
        add: places of rows of the chunk that come in, ascending.
        keys: the random keys of the rows that come in.
    """

    keep: np.ndarray[Any, Any]
    add: np.ndarray[Any, Any]
    keys: np.ndarray[Any, Any]


def worn_out(index: Index, segments: Sequence[Segment]) -> np.ndarray[Any, Any]:
    """Segments to be written anew, so that no more than half of what lies on disk is dead for long.

    As long as most rows are alive, none is; then those are that are mostly dead. The smallest ones are, too, when there
    are too many.

    Args:
        index: the rows that stay.
        segments: the files.

    Returns:
        The places of the segments, ascending.
    """
    live = np.bincount(index.segment, minlength=len(segments))
    rows = np.array([segment.rows for segment in segments], dtype=np.int64)
    mostly_dead = (live > 0) & (2 * live < rows) & (2 * live.sum() < rows[live > 0].sum())
    worn = set(np.flatnonzero(mostly_dead).tolist())
    if int((live > 0).sum()) >= MOST_SEGMENTS:
        order = [i for i in np.argsort(live, kind="stable").tolist() if live[i]]
        worn.update(order[: 2 * MOST_SEGMENTS // 3])
    return np.array(sorted(worn), dtype=np.int64)


def without_empty(segments: Sequence[Segment], index: Index) -> tuple[list[Segment], Index]:
    """Only the segments in which a row lives, and the index that counts them so."""
    used = np.unique(index.segment)
    number = np.zeros(len(segments) + 1, np.int32)
    number[used] = np.arange(len(used))
    return [segments[i] for i in used], replace(index, segment=number[index.segment])
