"""The new data of one update."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from vernal.base import DataError, EmptyChunk
from vernal.data.columns import Fixed
from vernal.data.rows import ColumnRows, Picked, Rows, Scan, rows_of, scan
from vernal.data.schema import Leaf, Schema

ID_BYTES = 16


class Chunk:
    """New data: rows ``(x, y)``, with ids, times and a name if they have any.

    Args:
        data: any map-style torch dataset of pairs ``(x, y)``.
        ids: one per row, text or whole numbers. Records are later found, and erased, by them. Without ids a
            row is known by the chunk's fingerprint and its place.
        times: one per row: seconds since 1970, or NumPy datetimes; the data's own time.
        name: how people call this chunk, e.g. ``"2026-11"``.
        varying: paths of leaves whose lengths vary from row to row (``["x.input_ids"]``). Found by itself
            where rows of this chunk differ.

    Raises:
        EmptyChunk: no rows.

    Examples:
        >>> chunk = Chunk.from_arrays(torch.zeros(3, 2), torch.tensor([0, 1, 1]), name="monday")
        >>> len(chunk), str(chunk.schema)
        (3, 'x: float32(2), y: int64()')
        >>> chunk.labels
        array([0, 1, 1])
    """

    def __init__(
        self,
        data: Dataset[Any] | Rows,
        *,
        ids: Sequence[str | int] | None = None,
        times: Any = None,
        name: str = "",
        varying: Sequence[str] = (),
    ) -> None:
        self.rows = rows_of(data, varying)
        self.name = name
        if not len(self.rows):
            raise EmptyChunk(f"Chunk {name!r} has no rows. A chunk needs at least one.")
        self._ids = None if ids is None else _one_per_row([*ids], len(self), "ids")
        self._times = None if times is None else _one_per_row(_seconds(times), len(self), "times")

    @classmethod
    def from_arrays(cls, x: Any, y: Any, **options: Any) -> Self:
        """A chunk of arrays: NumPy or torch, or tuples, lists, dictionaries of these for `x` or `y`.

        Args:
            x: arrays of ``(n, ...)``.
            y: arrays of ``(n, ...)``.
            options: the other arguments of a chunk (`ids`, `times`, `name`).
        """
        columns = Schema.of_row(x, y).flatten(x, y)
        for path, values in columns.items():
            if not values.ndim:
                raise DataError(
                    f"`{path}` is a single number. Give arrays with one entry per row, e.g. np.asarray(...)."
                )
        lengths = {path: len(values) for path, values in columns.items()}
        if len({*lengths.values()}) > 1:
            raise DataError(f"x and y must have the same number of rows, got {lengths}.")
        if not next(iter(lengths.values())):
            raise EmptyChunk(f"Chunk {options.get('name', '')!r} has no rows. A chunk needs at least one.")
        tree = Schema.of_row(x, y).tree
        leaves = {
            path: Leaf("tensor", str(values.dtype).removeprefix("torch."), tuple(values.shape[1:]))
            for path, values in columns.items()
        }
        rows = ColumnRows(Schema(tree, leaves), {p: Fixed(v.contiguous()) for p, v in columns.items()})
        return cls(rows, **options)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> tuple[Any, Any]:
        """Row `place`, so that a chunk is a torch dataset as well."""
        if not -len(self) <= place < len(self):
            raise IndexError(f"Row {place} of a chunk of {len(self)}.")
        return self.rows.items(torch.tensor([place % len(self)]))[0]

    @cached_property
    def scan(self) -> Scan:
        """What one walk through all rows tells; walked once."""
        return scan(self.rows)

    @property
    def schema(self) -> Schema:
        """What a row looks like."""
        return self.scan.schema

    @property
    def labels(self) -> np.ndarray[Any, Any] | None:
        """``(n,)`` int64 if y is one whole number a row, else None."""
        return self.scan.labels

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over content, order, ids and times of the rows."""
        hasher = hashlib.sha256(self.scan.fingerprint.encode())
        if self._ids is not None:
            hasher.update(self.ids.numpy().tobytes())
        if self._times is not None:
            hasher.update(self.times.numpy().tobytes())
        return hasher.hexdigest()

    @cached_property
    def ids(self) -> Tensor:
        """What a row is found by later, ``(n, 16)`` uint8: a digest, so that no id lies in the store."""
        if self._ids is not None:
            return id_digests(self._ids)
        return id_digests([f"{self.scan.fingerprint}/{i}" for i in range(len(self))])

    @property
    def has_ids(self) -> bool:
        """Whether rows are known by ids of the user's."""
        return self._ids is not None

    @cached_property
    def times(self) -> Tensor:
        """The rows' own times, ``(n,)`` float64 seconds since 1970; NaN where unknown."""
        if self._times is None:
            return torch.full((len(self),), torch.nan, dtype=torch.float64)
        return torch.from_numpy(self._times)

    @property
    def time_span(self) -> tuple[float, float] | None:
        """The earliest and latest time, if rows have times."""
        if self._times is None:
            return None
        return float(np.nanmin(self._times)), float(np.nanmax(self._times))

    def pick(self, places: Tensor, name: str | None = None) -> Chunk:
        """Some of the rows, with their ids and times."""
        chunk = Chunk(Picked(self.rows, places), name=self.name if name is None else name)
        order = places.tolist()
        chunk._ids = None if self._ids is None else [self._ids[i] for i in order]
        chunk._times = None if self._times is None else self._times[order]
        return chunk

    def __repr__(self) -> str:
        return f"Chunk({self.name!r}, {len(self)} rows)"


def as_chunk(data: Chunk | Dataset[Any], name: str = "") -> Chunk:
    """A chunk as it is, anything else as a chunk without ids and times."""
    return data if isinstance(data, Chunk) else Chunk(data, name=name)


def id_digests(ids: Sequence[str | int]) -> Tensor:
    """The form in which ids are stored and compared, ``(n, 16)`` uint8.

    Examples:
        >>> id_digests(["a", 7]).shape
        torch.Size([2, 16])
        >>> bool((id_digests([7]) == id_digests(["7"])).all())
        True
    """
    raw = b"".join(hashlib.blake2b(str(i).encode(), digest_size=ID_BYTES).digest() for i in ids)
    return torch.from_numpy(np.frombuffer(raw, dtype=np.uint8).reshape(-1, ID_BYTES).copy())


def _one_per_row(values: Any, n: int, what: str) -> Any:
    if len(values) != n:
        raise DataError(f"`{what}` must have one entry per row: got {len(values)} for {n} rows.")
    return values


def _seconds(times: Any) -> np.ndarray[Any, Any]:
    times = np.asarray(times)
    if np.issubdtype(times.dtype, np.datetime64):
        seconds = times.astype("datetime64[us]").astype(np.int64) / 1e6
        return np.asarray(np.where(np.isnat(times), np.nan, seconds))
    if not np.issubdtype(times.dtype, np.number):
        raise DataError(f"`times` are of type {times.dtype}. Give seconds since 1970 as numbers, or NumPy datetimes.")
    return np.asarray(times, dtype=np.float64)
