"""One column of one segment as one file: the safetensors format, written as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import torch
from torch import Tensor

from vernal.base import CorruptState, DataError, StateError
from vernal.data import Leaf, raw_bytes

# safetensors' names of torch's types.
_NAMES = {
    torch.bool: "BOOL", torch.uint8: "U8", torch.int8: "I8", torch.int16: "I16", torch.uint16: "U16",
    torch.int32: "I32", torch.uint32: "U32", torch.int64: "I64", torch.uint64: "U64",
    torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64",
    torch.complex64: "C64",
}  # fmt: skip
_SMALL_HEADER, _PAGE = 512, 4096


class ColumnWriter:
    """Writes rows as they come; the header is filled in at the end.

    A file holds ``values``, and for varying rows also ``offsets`` and ``shapes``. Any reader of safetensors reads it.

    Args:
        path: the file to write.
        leaf: what a row is.
        rows: how many rows will come.

    Raises:
        StateError: the disk refuses.
    """

    def __init__(self, path: Path, leaf: Leaf, rows: int) -> None:
        self._path, self._leaf, self._rows = path, leaf, rows
        self._lengths = [0]
        self._shapes: list[tuple[int, ...]] = []
        # Long rows begin at a page, so that reading a row touches as few pages as it can.
        self._header_bytes = _PAGE if row_bytes(leaf) >= _SMALL_HEADER else _SMALL_HEADER
        with writing(path):
            self._file: BinaryIO = path.open("wb")
            self._file.write(b" " * self._header_bytes)

    def write(self, values: Tensor | list[Tensor]) -> None:
        """Append rows: ``(k, *shape)``, or a list of `k` tensors where shapes vary."""
        with writing(self._path):
            if isinstance(values, Tensor) and not self._leaf.varies:
                self._file.write(raw_bytes(values))
                return
            for value in values:
                self._file.write(raw_bytes(value))
                self._lengths.append(value.numel())
                self._shapes.append(tuple(value.shape))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with writing(self._path), self._file:
            if error is None:
                self._finish()

    def _finish(self) -> None:
        dtype = self._leaf.torch_dtype
        if not self._leaf.varies:
            tensors = [("values", dtype, (self._rows, *self._leaf.shape))]
        else:
            offsets = torch.tensor(self._lengths).cumsum(0)
            shapes = torch.tensor(self._shapes, dtype=torch.int64).view(-1, len(self._leaf.shape))
            # Eight-byte numbers must begin at a multiple of eight.
            self._file.write(b"\0" * (-self._file.tell() % 8))
            total = (self._file.tell() - self._header_bytes) // dtype.itemsize
            self._file.write(raw_bytes(offsets))
            self._file.write(raw_bytes(shapes))
            tensors = [
                ("values", dtype, (total,)),
                ("offsets", torch.int64, tuple(offsets.shape)),
                ("shapes", torch.int64, tuple(shapes.shape)),
            ]
        self._file.seek(0)
        self._file.write(_header(tensors, self._header_bytes))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say what to do if the disk refuses.

    Raises:
        StateError: it does.
    """
    try:
        yield
    except OSError as error:
        raise StateError(
            f"{path} could not be written: {error}. Make room, and run it again. What was stored before is unchanged."
        ) from error


def _header(tensors: list[tuple[str, torch.dtype, tuple[int | None, ...]]], size: int) -> bytes:
    entries, start = {}, 0
    for name, dtype, shape in tensors:
        count = 1
        for n in shape:
            count *= n or 0
        end = start + count * dtype.itemsize
        entries[name] = {"dtype": _NAMES[dtype], "shape": shape, "data_offsets": [start, end]}
        start = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    return (size - 8).to_bytes(8, "little") + text.ljust(size - 8)


@dataclass(frozen=True)
class Part:
    """Where a tensor lies inside a file.

    Args:
        start: its first byte.
        shape: its shape.
        dtype: its type.
    """

    start: int
    shape: tuple[int, ...]
    dtype: torch.dtype


def read_parts(path: Path) -> dict[str, Part]:
    """Read where the tensors of a column file lie.

    Raises:
        CorruptState: not such a file.
    """
    types = {name: dtype for dtype, name in _NAMES.items()}
    with path.open("rb") as file:
        try:
            length = int.from_bytes(file.read(8), "little")
            entries = json.loads(file.read(length))
            return {
                name: Part(8 + length + entry["data_offsets"][0], tuple(entry["shape"]), types[entry["dtype"]])
                for name, entry in entries.items()
            }
        except (ValueError, KeyError, TypeError, MemoryError, OverflowError) as error:
            raise CorruptState(f"{path} is not a column of a memory ({error!r}).") from error


def check_type(leaf: Leaf, where: str) -> None:
    """Demand a type that a column can hold.

    Raises:
        DataError: it is another one.
    """
    if leaf.torch_dtype not in _NAMES:
        allowed = ", ".join(str(dtype).removeprefix("torch.") for dtype in _NAMES)
        raise DataError(f"{where} is {leaf.dtype}, which no memory can hold. Convert it to one of {allowed}.")


def row_bytes(leaf: Leaf) -> int:
    """Bytes of one row of one shape; 0 where shapes vary."""
    count = 1
    for n in leaf.shape:
        count *= n or 0
    return count * leaf.torch_dtype.itemsize
