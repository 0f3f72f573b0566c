"""The new data of one update."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from vernal.base import DataError, EmptyChunk
from vernal.data.columns import Column, Fixed, make_column
from vernal.data.ids import id_digests, id_texts
from vernal.data.rows import ColumnRows, Picked, Rows, Scan, rows_of, scan
from vernal.data.schema import Leaf, Schema
from vernal.data.split import split_by_id, split_indices
from vernal.data.times import seconds


class Chunk:
    """New data: rows ``(x, y)``, with ids, times and a name if they have any.

    Args:
        data: any map-style torch dataset of pairs ``(x, y)``.
        ids: one per row, text or whole numbers; a list, an array or a tensor. Records are later found, and
            erased, by them. Without ids a row is known by the chunk's fingerprint and its place.
        times: one per row: seconds since 1970, or datetimes; the data's own time. NaN where unknown.
        name: how people call this chunk, e.g. ``"2026-11"``.
        varying: paths of leaves whose lengths vary from row to row (``["x.input_ids"]``). Found by itself
            where rows of this chunk differ.

    Raises:
        EmptyChunk: no rows.
        DataError: ids, times or rows are not of a kind that is allowed.

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
        ids: Iterable[str | int] | None = None,
        times: Any = None,
        name: str = "",
        varying: Sequence[str] = (),
    ) -> None:
        self.rows = rows_of(data, varying)
        self.name = name
        if not len(self.rows):
            raise EmptyChunk(f"{_called(name)} has no rows. A chunk needs at least one.")
        self._ids = None if ids is None else _one_per_row(id_texts(ids), len(self), "ids")
        self._times = None if times is None else _one_per_row(seconds(times), len(self), "times")

    @classmethod
    def from_arrays(
        cls,
        x: Any,
        y: Any,
        *,
        ids: Iterable[str | int] | None = None,
        times: Any = None,
        name: str = "",
        varying: Sequence[str] = (),
    ) -> Self:
        """A chunk of arrays: NumPy or torch, or tuples, lists, dictionaries of these for `x` or `y`.

        The arrays are used where they are, not copied. Leave them as they are until the update is done.

        Args:
            x: arrays of ``(n, ...)``.
            y: arrays of ``(n, ...)``.
            ids: as of any chunk.
            times: as of any chunk.
            name: as of any chunk.
            varying: paths of leaves whose lengths will vary in later chunks.
        """
        columns = Schema.of_row(x, y).flatten(x, y)
        for path, values in columns.items():
            if not values.ndim:
                raise DataError(
                    f"`{path}` is a single number. Give arrays with one entry per row, e.g. np.asarray(...)."
                )
        lengths = {path: len(values) for path, values in columns.items()}
        if len({*lengths.values()}) > 1:
            raise DataError(f"x and y must have the same number of rows, got {_shortened(lengths)}.")
        if not next(iter(lengths.values())):
            raise EmptyChunk(f"{_called(name)} has no rows. A chunk needs at least one.")
        leaves = {
            path: Leaf("tensor", str(values.dtype).removeprefix("torch."), tuple(values.shape[1:]))
            for path, values in columns.items()
        }
        schema = Schema(Schema.of_row(x, y).tree, leaves).with_varying(varying)
        laid_out = {path: _laid_out(leaf, columns[path]) for path, leaf in schema.leaves.items()}
        return cls(ColumnRows(schema, laid_out), ids=ids, times=times, name=name)

    def __str__(self) -> str:
        return _called(self.name)

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
        if self._times is None or np.isnan(self._times).all():
            return None
        return float(np.nanmin(self._times)), float(np.nanmax(self._times))

    def pick(self, places: Tensor, name: str | None = None) -> Chunk:
        """Some of the rows, with their ids and times."""
        chunk = Chunk(Picked(self.rows, places), name=self.name if name is None else name)
        order = places.tolist()
        chunk._ids = None if self._ids is None else [self._ids[i] for i in order]
        chunk._times = None if self._times is None else self._times[order]
        return chunk

    def split(self, proportions: Sequence[float], seed: int = 0) -> list[Chunk]:
        """Random, disjoint parts, with their ids and times.

        A row with an id falls into the same part wherever it comes again: in another chunk, in a longer window, in a
        training from scratch on all data. So no model is ever judged by a row that it has learned. Shares are then
        exact on average only. Rows without ids are split by their places.

        Args:
            proportions: the share of each part, summing to 1.
            seed: the seed that the user chose.

        Raises:
            EmptyChunk: a part would have no rows.
        """
        if self.has_ids:
            parts = split_by_id(self.ids.numpy(), proportions, seed)
        else:
            parts = split_indices(len(self), proportions, seed)
        return [self.pick(torch.tensor(sorted(part), dtype=torch.int64)) for part in parts]

    def __repr__(self) -> str:
        return f"Chunk({self.name!r}, {len(self)} rows)"


def as_chunk(data: Chunk | Dataset[Any], name: str = "") -> Chunk:
    """A chunk as it is, anything else as a chunk without ids and times."""
    return data if isinstance(data, Chunk) else Chunk(data, name=name)


def _called(name: str) -> str:
    """How a message begins that is about a chunk."""
    return f"Chunk {name!r}" if name else "The chunk"


def _shortened(lengths: dict[str, int], n: int = 4) -> str:
    """The first of many; a list of labels has as many leaves as labels."""
    if len(lengths) <= n:
        return str(lengths)
    first = dict([*lengths.items()][:n])
    return f"{first} and so on. A list is taken apart: give an array instead, one entry per row, e.g. np.asarray(...)"


def _laid_out(leaf: Leaf, values: Tensor) -> Column:
    return make_column(leaf, [*values]) if leaf.varies else Fixed(values.contiguous())


def _one_per_row(values: Any, n: int, what: str) -> Any:
    if len(values) != n:
        raise DataError(f"`{what}` must have one entry per row: got {len(values)} for {n} rows.")
    return values
