"""Columns on disk, over many files, read as if each were one array in memory."""

from __future__ import annotations

import math
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vernal.data import Leaf
from vernal.memory.column_file import Part, read_parts, row_bytes

_LARGE_ROW = 1 << 16  # bytes; from here on copying a row costs more than finding it
_NUMPY_LIMIT = 1 << 62


class MappedColumn:
    """Rows of one shape.

    All files are mapped into the process's address space, and one strided view, whose step divides the address of
    every row, spans them all. So one ``index_select`` gathers rows of any number of files at the speed of
    memory. The view is only ever read at addresses of rows.

    Args:
        files: the files, oldest first.
        leaf: what a row is.
        segment: which file each row is in, ``(n,)`` int64.
        place: which row of that file it is, ``(n,)`` int64.
    """

    def __init__(self, files: Sequence[Path], leaf: Leaf, segment: Tensor, place: Tensor) -> None:
        self._dtype, self._bytes = leaf.torch_dtype, row_bytes(leaf)
        self._shape = [int(n or 0) for n in leaf.shape]
        self._maps = [_map(path) for path in files]
        parts = [read_parts(path)["values"] for path in files]
        self._segment, self._offset = segment, place * self._bytes
        if parts:
            self._offset += torch.tensor([part.start for part in parts])[segment]
        self._view, self._index = self._address_space()

    def gather(self, rows: Tensor) -> Tensor:
        """The rows at these places, ``(k, *shape)``; a copy."""
        if not self._bytes:
            return torch.empty(len(rows), *self._shape, dtype=self._dtype)
        if self._view is not None:
            raw = self._view.index_select(0, self._index.index_select(0, rows))
        else:
            raw = torch.empty(len(rows), self._bytes, dtype=torch.uint8)
            for i, row in enumerate(rows.tolist()):
                start = int(self._offset[row])
                source = self._maps[int(self._segment[row])][start : start + self._bytes]
                raw[i] = torch.frombuffer(bytearray(source), dtype=torch.uint8)
        return raw.view(self._dtype).view(len(rows), *self._shape)

    def will_need(self, rows: Tensor) -> None:
        """Ask the system to begin reading these rows; returns at once."""
        if not hasattr(mmap, "MADV_WILLNEED"):
            return
        segments, offsets = self._segment[rows].tolist(), self._offset[rows].tolist()
        for segment, offset in zip(segments, offsets, strict=True):
            start = offset - offset % mmap.PAGESIZE
            self._maps[segment].madvise(mmap.MADV_WILLNEED, start, offset + self._bytes - start)

    def _address_space(self) -> tuple[Tensor | None, Tensor]:
        if not self._maps or not self._bytes or self._bytes >= _LARGE_ROW:
            return None, self._offset
        starts = [np.frombuffer(m, dtype=np.uint8).ctypes.data for m in self._maps]
        base = min(starts)
        addresses = self._offset + torch.tensor([start - base for start in starts])[self._segment]
        first = int(addresses.min()) if len(addresses) else 0
        unit = math.gcd(self._bytes, *(_differences(addresses - first)))
        span = (int(addresses.max()) - first) // unit + 1 if len(addresses) else 0
        if span * self._bytes >= _NUMPY_LIMIT:
            return None, self._offset
        view = torch.from_numpy(np.asarray(_Addresses(base + first, (span, self._bytes), (unit, 1))))
        return view, (addresses - first) // unit


class MappedRagged:
    """Rows whose lengths differ.

    Args:
        files: the files, oldest first.
        leaf: what a row is.
        segment: which file each row is in, ``(n,)`` int64.
        place: which row of that file it is, ``(n,)`` int64.
    """

    def __init__(self, files: Sequence[Path], leaf: Leaf, segment: Tensor, place: Tensor) -> None:
        self._leaf, self._segment, self._place = leaf, segment, place
        self._maps = [_map(path) for path in files]
        self._parts = [read_parts(path) for path in files]

    def gather(self, rows: Tensor) -> list[Tensor]:
        """The rows at these places, each of its own shape; copies."""
        return [self._row(int(self._segment[i]), int(self._place[i])) for i in rows.tolist()]

    def will_need(self, rows: Tensor) -> None:
        """Ask the system to begin reading these rows; returns at once."""
        if not hasattr(mmap, "MADV_WILLNEED"):
            return
        for i in rows.tolist():
            segment, place = int(self._segment[i]), int(self._place[i])
            begin, end = self._extent(segment, place)
            start = begin - begin % mmap.PAGESIZE
            if end > begin:
                self._maps[segment].madvise(mmap.MADV_WILLNEED, start, end - start)

    def _extent(self, segment: int, place: int) -> tuple[int, int]:
        part = self._parts[segment]["values"]
        offsets = self._numbers(segment, "offsets", place, 2)
        size = part.dtype.itemsize
        return part.start + int(offsets[0]) * size, part.start + int(offsets[1]) * size

    def _row(self, segment: int, place: int) -> Tensor:
        begin, end = self._extent(segment, place)
        dimensions = len(self._leaf.shape)
        shape = self._numbers(segment, "shapes", place * dimensions, dimensions).tolist()
        if begin == end:
            return torch.empty(shape, dtype=self._leaf.torch_dtype)
        raw = torch.frombuffer(bytearray(self._maps[segment][begin:end]), dtype=self._leaf.torch_dtype)
        return raw.view(shape)

    def _numbers(self, segment: int, name: str, first: int, count: int) -> np.ndarray[Any, Any]:
        part: Part = self._parts[segment][name]
        return np.frombuffer(self._maps[segment], np.int64, count, part.start + 8 * first)


class _Addresses:
    """Bytes of the process's address space, in the form in which NumPy takes foreign memory."""

    def __init__(self, address: int, shape: tuple[int, int], strides: tuple[int, int]) -> None:
        # "Writable" only so that torch takes it without a warning; nobody writes.
        self.__array_interface__ = {
            "data": (address, False), "shape": shape, "strides": strides, "typestr": "|u1", "version": 3,
        }  # fmt: skip


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if hasattr(mmap, "MADV_RANDOM"):
        mapped.madvise(mmap.MADV_RANDOM)  # Read-ahead would fetch many pages for each that is used.
    return mapped


def _differences(addresses: Tensor) -> list[int]:
    """Numbers whose greatest common divisor is that of all addresses, without a loop over them."""
    values = addresses.numpy()
    return [int(np.gcd.reduce(values))] if len(values) else [0]
