"""What is kept with rows, written anew beside rows that stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from vernal.base import SchemaMismatch
from vernal.data import Fixed, Leaf
from vernal.memory.index import Index, Segment
from vernal.memory.segment_file import Blobs, check_names, extra_leaf, listing, write_columns

Annotate = Callable[[Tensor], Mapping[str, Tensor]]


def rewrite_kept(
    blobs: Blobs, segments: tuple[Segment, ...], index: Index, annotate: Annotate, folder: Path, batch: int
) -> tuple[list[Segment], dict[str, Leaf]]:
    """Write what is kept with the rows of all segments; the files of the rows themselves are not touched.

    Args:
        blobs: where the files go.
        segments: the files of the rows, and of nothing that was kept before. In each of them a row lives.
        index: which rows are in memory.
        annotate: gives what is to be kept with the rows at some places of the index, ``(k, ...)`` each.
        folder: where files are put together.
        batch: rows that are annotated at a time, and held in memory.

    Returns:
        The segments with the new columns, and what these are.

    Raises:
        SchemaMismatch: `annotate` takes the name of a part of the row, or gives rows of different kinds.
    """
    written, kept = [], None
    for number, segment in enumerate(segments):
        blocks = _blocks(segment.rows, number, index, annotate, batch)
        first = next(blocks)
        found = {name: extra_leaf(values) for name, values in first.items()}
        kept = found if kept is None else kept
        columns = write_columns(blobs, kept, _alike(first, blocks, kept), segment.rows, folder)
        written.append(Segment(segment.rows, {**segment.columns, **columns}))
    return written, kept or {}


def widens(old: Leaf, new: Leaf) -> bool:
    """Whether values of `old` fit into `new` when they are padded with NaN.

    Examples:
        >>> narrow, wide = Leaf("tensor", "float32", (3,)), Leaf("tensor", "float32", (5,))
        >>> widens(narrow, wide), widens(wide, narrow)
        (True, False)
    """
    if old == new:
        return True
    has_nan = new.torch_dtype.is_floating_point or new.torch_dtype.is_complex
    sizes = zip(_sizes(old), _sizes(new), strict=False)
    return has_nan and old.dtype == new.dtype and len(old.shape) == len(new.shape) and all(a <= b for a, b in sizes)


def padded(values: Tensor, leaf: Leaf) -> Tensor:
    """Values ``(k, ...)`` in the shape of `leaf`, NaN where there were none.

    Examples:
        >>> padded(torch.ones(1, 2), Leaf("tensor", "float32", (3,)))
        tensor([[1., 1., nan]])
    """
    wide = _blank(values, len(values), _sizes(leaf))
    wide[(slice(None), *(slice(n) for n in values.shape[1:]))] = values
    return wide


def _sizes(leaf: Leaf) -> list[int]:
    return [int(n or 0) for n in leaf.shape]


def _blank(like: Tensor, count: int, shape: list[int]) -> Tensor:
    """Rows of which nothing is known: NaN, and zero for types that have none."""
    if like.is_floating_point() or like.is_complex():
        return torch.full((count, *shape), torch.nan, dtype=like.dtype)
    return torch.zeros((count, *shape), dtype=like.dtype)


def _blocks(total: int, number: int, index: Index, annotate: Annotate, batch: int) -> Iterator[dict[str, Tensor]]:
    """What is kept with every row of a segment in order, a bounded number at a time; dead rows get blanks."""
    inside = torch.from_numpy(index.segment == number).nonzero().flatten()
    places = torch.from_numpy(index.place).long()[inside]
    places, order = places.sort()
    parts = torch.split(places, batch)
    ends = [*(int(part[-1]) + 1 for part in parts[:-1]), total]
    done = 0
    for rows, part, end in zip(torch.split(inside[order], batch), parts, ends, strict=True):
        values = _annotation(annotate, rows)
        for start in range(done, end, batch):
            yield _between(values, part, start, min(start + batch, end))
        done = end


def _annotation(annotate: Annotate, rows: Tensor) -> dict[str, Tensor]:
    values = {name: value.detach().cpu() for name, value in annotate(rows).items()}
    check_names(values)
    for name, value in values.items():
        if not value.ndim or len(value) != len(rows):
            raise SchemaMismatch(
                f"`{name}` has shape {tuple(value.shape)} for {len(rows)} rows. Give one value for each row."
            )
    return values


def _between(values: Mapping[str, Tensor], places: Tensor, start: int, stop: int) -> dict[str, Tensor]:
    """Rows `start` to `stop` of the segment: the values of those that live at these places, and blanks."""
    here = (places >= start) & (places < stop)
    source = torch.full((stop - start,), len(places))
    source[places[here] - start] = here.nonzero().flatten()
    return {
        name: Fixed(torch.cat([value, _blank(value, 1, [*value.shape[1:]])])).gather(source)
        for name, value in values.items()
    }


def _alike(
    first: dict[str, Tensor], blocks: Iterator[dict[str, Tensor]], kept: Mapping[str, Leaf]
) -> Iterator[dict[str, Tensor | list[Tensor]]]:
    block: dict[str, Tensor] | None = first
    while block is not None:
        found = {name: extra_leaf(values) for name, values in block.items()}
        if found != kept:
            raise SchemaMismatch(f"Some rows are kept with {listing(found)}, and others with {listing(kept)}.")
        yield {**block}
        block = next(blocks, None)
