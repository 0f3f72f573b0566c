"""Rows that can be read in any order, wherever they lie: in memory, in a dataset, on disk, joined, picked."""

from __future__ import annotations

import hashlib
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from vernal.base import DataError, EmptyChunk, SchemaMismatch, canonical_json
from vernal.data.columns import Column, Fixed, make_column, take
from vernal.data.schema import Schema, arrays_as_tensors

BLOCK = 4096  # rows that are held at a time where all rows of a chunk are walked through

Leaves = dict[str, Tensor | list[Tensor]]


class Rows(ABC):
    """Rows ``(x, y)`` of one schema, read by place."""

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """What a row looks like."""

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @property
    def in_columns(self) -> bool:
        """Whether the rows lie in columns; reading others runs code of the user, which may draw random numbers."""
        return True

    @abstractmethod
    def leaves(self, places: Tensor) -> Leaves:
        """Whole columns of the rows at `places` (``(k,)`` int64), by path.

        A leaf of one shape comes as ``(k, *shape)``, a varying one as a list of `k` tensors.
        """

    def extras(self, places: Tensor) -> dict[str, Tensor]:  # noqa: ARG002
        """What is kept with the rows at `places` beside the rows themselves, ``(k, ...)`` each."""
        return {}

    def items(self, places: Tensor) -> list[tuple[Any, Any]]:
        """The rows at `places` one by one, as a dataset would give them."""
        leaves = self.leaves(places)
        return [self.schema.row({path: leaves[path][i] for path in self.schema.leaves}) for i in range(len(places))]

    def blocks(self) -> Iterator[Leaves]:
        """All rows in order, a bounded number at a time."""
        for start in range(0, len(self), BLOCK):
            yield self.leaves(torch.arange(start, min(start + BLOCK, len(self))))


@dataclass(frozen=True)
class ColumnRows(Rows):
    """Rows that lie side by side in memory.

    Args:
        columns: one for each leaf of the schema.
    """

    structure: Schema
    columns: Mapping[str, Column]

    @property
    def schema(self) -> Schema:
        """What a row looks like."""
        return self.structure

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def leaves(self, places: Tensor) -> Leaves:
        """The columns of these rows."""
        return {path: column.gather(places) for path, column in self.columns.items()}

    def blocks(self) -> Iterator[Leaves]:
        """All rows in order; columns of one shape are views, nothing is copied."""
        for start in range(0, len(self), BLOCK):
            places = torch.arange(start, min(start + BLOCK, len(self)))
            yield {
                path: column.values[start : start + BLOCK] if isinstance(column, Fixed) else column.gather(places)
                for path, column in self.columns.items()
            }


class DatasetRows(Rows):
    """Rows of any map-style torch dataset of pairs ``(x, y)``.

    Args:
        dataset: has ``__len__`` and ``__getitem__``; ``__getitems__`` is used where it exists.
        varying: leaves whose lengths vary from row to row, even if not in this chunk.
    """

    def __init__(self, dataset: Dataset[Any], varying: Sequence[str] = ()) -> None:
        self._dataset = dataset
        self._length = len(dataset)  # type: ignore[arg-type]
        if not self._length:
            raise EmptyChunk("The dataset has no rows. A chunk needs at least one.")
        with fixed_randomness(0):  # A look at the data must not disturb the caller's own draws.
            first = self._fetch([0])[0]
        self._schema = Schema.of_row(*first).with_varying(varying)

    @property
    def schema(self) -> Schema:
        """What a row looks like, as far as rows have been read; lengths found to vary are marked."""
        return self._schema

    def __len__(self) -> int:
        return self._length

    @property
    def in_columns(self) -> bool:
        """They do not: the dataset makes them."""
        return False

    def items(self, places: Tensor) -> list[tuple[Any, Any]]:
        """The rows as the dataset gives them, tensors for arrays: transforms see them as they see replayed ones."""
        return [(arrays_as_tensors(x), arrays_as_tensors(y)) for x, y in self._fetch(places.tolist())]

    def leaves(self, places: Tensor) -> Leaves:
        """The columns of these rows; shapes that differ from row to row become varying leaves."""
        rows = []
        for place, (x, y) in zip(places.tolist(), self._fetch(places.tolist()), strict=True):
            seen = Schema.of_row(x, y)
            if seen != self._schema:
                self._schema = self._schema.merge(seen, f"row {place}")
            rows.append(self._schema.flatten(x, y))
        columns = {path: make_column(leaf, [row[path] for row in rows]) for path, leaf in self._schema.leaves.items()}
        everything = torch.arange(len(rows))
        return {
            path: column.values if isinstance(column, Fixed) else column.gather(everything)
            for path, column in columns.items()
        }

    def _fetch(self, places: list[int]) -> list[tuple[Any, Any]]:
        fetch_many = getattr(self._dataset, "__getitems__", None)
        rows = fetch_many(places) if fetch_many else [self._dataset[i] for i in places]
        for place, row in zip(places, rows, strict=True):
            if not isinstance(row, tuple | list) or len(row) != 2:
                raise SchemaMismatch(
                    f"Row {place} of the dataset is a {type(row).__name__}"
                    f"{f' of {len(row)}' if isinstance(row, tuple | list) else ''}. "
                    "A row must be a pair (x, y); x and y may be tuples or dictionaries themselves."
                )
        return [(x, y) for x, y in rows]


class Picked(Rows):
    """Some rows of others, in an order of its own.

    Args:
        rows: where they come from.
        places: ``(k,)`` int64; which ones.
    """

    def __init__(self, rows: Rows, places: Tensor) -> None:
        self._rows = rows
        self._places = places

    @property
    def schema(self) -> Schema:
        """What a row looks like."""
        return self._rows.schema

    def __len__(self) -> int:
        return len(self._places)

    @property
    def in_columns(self) -> bool:
        """As where they come from."""
        return self._rows.in_columns

    def leaves(self, places: Tensor) -> Leaves:
        """The columns of these rows."""
        return self._rows.leaves(self._places[places])

    def items(self, places: Tensor) -> list[tuple[Any, Any]]:
        """The rows as their source gives them."""
        return self._rows.items(self._places[places])


class Joined(Rows):
    """The rows of one source, and then those of another."""

    def __init__(self, first: Rows, second: Rows) -> None:
        self._first, self._second = first, second

    @property
    def schema(self) -> Schema:
        """What a row looks like."""
        return self._first.schema.merge(self._second.schema, "joined rows")

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    @property
    def in_columns(self) -> bool:
        """Whether those of both sources do."""
        return self._first.in_columns and self._second.in_columns

    def leaves(self, places: Tensor) -> Leaves:
        """The columns of these rows, put together from both sources."""
        in_first = places < len(self._first)
        first = self._first.leaves(places[in_first])
        second = self._second.leaves(places[~in_first] - len(self._first))
        back = torch.argsort(torch.cat([in_first.nonzero(), (~in_first).nonzero()]).flatten())
        return {path: _interleave(first[path], second[path], back) for path in first if path in second}

    def items(self, places: Tensor) -> list[tuple[Any, Any]]:
        """The rows as their sources give them; where one has numbers and the other tensors, as the first does."""
        in_first = places < len(self._first)
        first = iter(self._first.items(places[in_first]))
        second = iter(self._second.items(places[~in_first] - len(self._first)))
        rows = [next(first) if here else next(second) for here in in_first.tolist()]
        return rows if self._alike else [self.schema.alike(x, y) for x, y in rows]

    @cached_property
    def _alike(self) -> bool:
        """Whether both sources have the same plain values and the same tensors."""
        both = self._first.schema.leaves, self._second.schema.leaves
        return len({tuple(leaf.kind for leaf in leaves.values()) for leaves in both}) == 1


def _interleave(first: Tensor | list[Tensor], second: Tensor | list[Tensor], back: Tensor) -> Tensor | list[Tensor]:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return take(torch.cat([first, second]), back)
    both = [*first, *second]
    return [both[i] for i in back.tolist()]


def rows_of(data: Dataset[Any] | Rows, varying: Sequence[str] = ()) -> Rows:
    """Rows of a dataset; tensors that already lie side by side are used where they are.

    Raises:
        DataError: the dataset cannot be read by place, or `varying` names no tensor of it.
    """
    if isinstance(data, Rows):
        if varying:
            raise DataError("`varying` describes a dataset, but these rows have a schema already. Leave it out.")
        return data
    if not is_map_style(data):
        raise DataError(
            f"A {type(data).__name__} is no map-style torch dataset, which has a length and gives row by row. "
            "Write a stream to a table or to arrays first."
        )
    if isinstance(data, Subset):
        rows = rows_of(data.dataset, varying)
        return Picked(rows, _places(data.indices, len(rows)))
    if type(data) is TensorDataset and len(data.tensors) == 2 and len(data) and not varying:
        x, y = data.tensors
        return ColumnRows(Schema.of_row(x[0], y[0]), {"x": Fixed(x), "y": Fixed(y)})
    return DatasetRows(data, varying)


def is_map_style(data: Any) -> bool:
    """Whether something has a length and gives any row by its place."""
    # Every torch dataset seems to have `__getitem__`: that of the class above them all only raises.
    return hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, IterableDataset)


def _places(indices: Sequence[int], n: int) -> Tensor:
    """The places that a subset names, from 0 on; as in a list, -1 is the last row."""
    places = torch.as_tensor(indices, dtype=torch.int64)
    wrong = places[(places < -n) | (places >= n)]
    if len(wrong):
        raise DataError(f"A subset names row {int(wrong[0])} of a dataset of {n}.")
    return torch.where(places < 0, places + n, places)


@dataclass(frozen=True)
class Scan:
    """What one walk through all rows tells.

    Args:
        schema: what a row looks like, with all varying lengths found.
        fingerprint: 64 hexadecimal digits over the content and the order of the rows.
        labels: ``(n,)`` int64 if y is one whole number a row, else None.
    """

    schema: Schema
    fingerprint: str
    labels: np.ndarray[Any, Any] | None


def scan(rows: Rows) -> Scan:
    """Walk through all rows once: fingerprint, labels, final schema.

    Random transforms inside a dataset are made repeatable while it walks, so that the same data has the
    same fingerprint.
    """
    hashers = {path: hashlib.sha256() for path in rows.schema.leaves}
    labels: list[np.ndarray[Any, Any]] = []
    with fixed_randomness(0):
        for block in rows.blocks():
            for path, hasher in hashers.items():
                _feed(hasher, block[path])
            y = block.get("y")
            if isinstance(y, Tensor) and _is_label(y):
                labels.append(y.reshape(-1).to(torch.int64).numpy())
    schema = rows.schema
    content = {path: hasher.hexdigest() for path, hasher in hashers.items()}
    head = canonical_json({"schema": schema.to_json(), "rows": len(rows), "columns": content})
    return Scan(schema, hashlib.sha256(head).hexdigest(), np.concatenate(labels) if labels else None)


def _is_label(y: Tensor) -> bool:
    return not y.is_floating_point() and not y.is_complex() and y.numel() == len(y)


def _feed(hasher: Any, values: Tensor | list[Tensor]) -> None:
    if isinstance(values, Tensor):
        hasher.update(raw_bytes(values))
        return
    for value in values:
        hasher.update(canonical_json([*value.shape]))
        hasher.update(raw_bytes(value))


def raw_bytes(tensor: Tensor) -> memoryview:
    """The bytes of a tensor in row-major order, without a copy where it already lies so."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data if flat.numel() else memoryview(b"")


@contextmanager
def fixed_randomness(seed: int) -> Iterator[None]:
    """Seed the global generators that users' transforms draw from, and put them back afterwards."""
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002
    generator = torch.Generator().manual_seed(seed)
    try:
        torch.set_rng_state(generator.get_state())
        np.random.seed(seed % 2**32)
        random.seed(seed)
        yield
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
