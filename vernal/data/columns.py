"""Columns: how many rows lie together in memory or on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vernal.data.schema import Leaf

# Types that torch cannot index, and others of the same bytes that it can.
_SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}


def take(values: Tensor, rows: Tensor) -> Tensor:
    """The rows at these places (``(k,)`` int64) of a tensor of any type, ``(k, ...)``.

    Examples:
        >>> take(torch.tensor([5, 6, 7], dtype=torch.uint16), torch.tensor([2, 0]))
        tensor([7, 5], dtype=torch.uint16)
    """
    signed = _SIGNED.get(values.dtype)
    if signed is None:
        return values.index_select(0, rows)
    return values.view(signed).index_select(0, rows).view(values.dtype)


@dataclass(frozen=True)
class Fixed:
    """Rows of one shape.

    Args:
        values: ``(n, *shape)``.
    """

    values: Tensor

    def __len__(self) -> int:
        return len(self.values)

    def gather(self, rows: Tensor) -> Tensor:
        """The rows at these places (``(k,)`` int64) as one batch ``(k, *shape)``."""
        return take(self.values, rows)


@dataclass(frozen=True)
class Ragged:
    """Rows whose lengths differ.

    Args:
        values: all rows, flattened and joined, ``(total,)``.
        offsets: where each row begins and the last one ends, ``(n + 1,)`` int64.
        shapes: the shape of each row, ``(n, d)`` int64.
    """

    values: Tensor
    offsets: Tensor
    shapes: Tensor

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def gather(self, rows: Tensor) -> list[Tensor]:
        """The rows at these places, each of its own shape."""
        return [
            self.values[self.offsets[i] : self.offsets[i + 1]].view(self.shapes[i].tolist()).clone()
            for i in rows.tolist()
        ]


Column = Fixed | Ragged


def make_column(leaf: Leaf, rows: Sequence[Tensor]) -> Column:
    """Lay rows (tensors of the leaf's type) side by side.

    Examples:
        >>> make_column(Leaf("tensor", "int64", (2,)), [torch.tensor([1, 2])]).values
        tensor([[1, 2]])
        >>> make_column(Leaf("tensor", "int64", (None,)), [torch.tensor([1]), torch.tensor([2, 3])]).offsets
        tensor([0, 1, 3])
    """
    if not leaf.varies:
        return Fixed(torch.stack(list(rows)) if rows else torch.empty(0, dtype=leaf.torch_dtype))
    lengths = torch.tensor([0, *(row.numel() for row in rows)])
    shapes = torch.tensor([row.shape for row in rows], dtype=torch.int64).view(len(rows), len(leaf.shape))
    values = torch.cat([row.reshape(-1) for row in rows]) if rows else torch.empty(0, dtype=leaf.torch_dtype)
    return Ragged(values, lengths.cumsum(0), shapes)
