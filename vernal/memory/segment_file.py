"""Writing rows together: one file per column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Protocol

from torch import Tensor

from vernal.base import SchemaMismatch
from vernal.data import Leaf, Leaves, Schema
from vernal.memory.column_file import ColumnWriter, writing
from vernal.memory.index import Segment

ID, TIME = "id", "time"
OWN = {ID: Leaf("tensor", "uint8", (16,)), TIME: Leaf("tensor", "float64", ())}


class Blobs(Protocol):
    """Where segments lie: immutable files, known by the digest of their content."""

    def put_file(self, path: Path, /) -> str:
        """Take a finished file in; returns its digest."""

    def path(self, digest: str, /) -> Path:
        """A local, verified file with this content."""


def write_segment(
    blobs: Blobs, schema: Schema, blocks: Iterator[Leaves], rows: int, folder: Path
) -> tuple[list[Segment], dict[str, Leaf]]:
    """Write rows as they come, a block at a time.

    Args:
        blobs: where the files go.
        schema: what a row looks like.
        blocks: the rows: their leaves, `OWN` columns, and what is kept with them.
        rows: how many will come.
        folder: where files are put together before the blobs take them in.

    Returns:
        The segment, if there is any row, and what is kept with its rows.

    Raises:
        SchemaMismatch: what is kept with some rows differs from the others.
    """
    if not rows:
        return [], {}
    first = next(blocks)
    extras = {n: extra_leaf(v) for n, v in first.items() if n not in (*schema.leaves, *OWN)}
    checked = _checked(chain([first], blocks), schema, extras)
    return [Segment(rows, write_columns(blobs, {**schema.leaves, **OWN, **extras}, checked, rows, folder))], extras


def write_columns(
    blobs: Blobs, leaves: Mapping[str, Leaf], blocks: Iterator[Leaves], rows: int, folder: Path
) -> dict[str, str]:
    """Write one file for each leaf, a block of rows at a time.

    Returns:
        The digest of the file of each column.

    Raises:
        StateError: the disk refuses.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    # Numbered, because names come from the user, and may be none for a file.
    files = {name: folder / f"{number}.column" for number, name in enumerate(leaves)}
    with ExitStack() as stack:
        writers = {name: stack.enter_context(ColumnWriter(files[name], leaf, rows)) for name, leaf in leaves.items()}
        for block in blocks:
            for name, writer in writers.items():
                writer.write(block[name])
    return {name: blobs.put_file(file) for name, file in files.items()}


def extra_leaf(values: Tensor | list[Tensor]) -> Leaf:
    """What is kept with a row, given ``(k, ...)`` of it."""
    assert isinstance(values, Tensor)
    return Leaf("tensor", str(values.dtype).removeprefix("torch."), tuple(values.shape[1:]))


def check_names(extras: Mapping[str, Tensor]) -> None:
    """Demand names of their own for what is kept with rows.

    Raises:
        SchemaMismatch: one is that of a part of the row.
    """
    for name in extras:
        if name.partition(".")[0] in ("x", "y", *OWN):
            raise SchemaMismatch(f"`{name}` is the name of a part of the row. Keep it under another name, e.g. `z`.")


def _checked(blocks: Iterator[Leaves], schema: Schema, extras: Mapping[str, Leaf]) -> Iterator[Leaves]:
    """A method that keeps logits now and then would leave columns of unequal length."""
    for block in blocks:
        if block.keys() - schema.leaves.keys() - OWN.keys() != extras.keys():
            raise SchemaMismatch(f"All rows must be kept with {listing(extras)}, got {', '.join(block)}.")
        for name, leaf in extras.items():
            values = block[name]
            if extra_leaf(values) != leaf or len(values) != len(block[ID]):
                raise SchemaMismatch(f"`{name}` is {extra_leaf(values)} for some rows and {leaf} for others.")
        yield block


def listing(extras: Mapping[str, Leaf]) -> str:
    """What is kept with rows, for people."""
    return ", ".join(f"`{name}`: {leaf}" for name, leaf in extras.items()) or "nothing"
