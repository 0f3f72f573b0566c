"""The rehearsal memory: an immutable snapshot of rows on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch
from torch import Tensor

from vernal.base import SchemaMismatch, SchemaTooNew, StateError
from vernal.data import Chunk, Joined, Leaf, Leaves, Picked, Rows, Schema, id_digests
from vernal.memory.column_file import ColumnWriter, check_type, writing
from vernal.memory.keys import row_keys
from vernal.memory.mapped import MappedColumn, MappedRagged
from vernal.memory.policy import Candidates, Policy

BLOCK = 1024  # rows that are held in memory while they are written
MOST_SEGMENTS = 48  # each holds a few open files
ID, TIME = "id", "time"
_OWN = {ID: Leaf("tensor", "uint8", (16,)), TIME: Leaf("tensor", "float64", ())}

SCHEMA_VERSION = 1

Annotate = Callable[[Tensor], Mapping[str, Tensor]]


class Blobs(Protocol):
    """Where segments lie: immutable files, known by the digest of their content."""

    def put_file(self, path: Path, /) -> str:
        """Take a finished file in; returns its digest."""

    def path(self, digest: str, /) -> Path:
        """A local, verified file with this content."""


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


class Memory(Rows):
    """Rows of earlier chunks, on disk, read as if they lay in RAM.

    A memory never changes. `plan` says what the next one will hold, `admit` writes it: only the rows that came in,
    and a new index. All files of the old one stay as they are, so every earlier state can be read for ever, and
    any number of processes may read while one writes.

    Args:
        blobs: where the segments lie.
        seed: of the stream of random keys.
        n_seen: rows ever offered to this memory.
        structure: what a row looks like; None as long as there was none.
        kept: what is kept with each row beside the row itself, e.g. logits.
        segments: the files.
        index: which rows are in memory.
    """

    def __init__(
        self,
        blobs: Blobs,
        seed: int,
        n_seen: int = 0,
        structure: Schema | None = None,
        kept: Mapping[str, Leaf] | None = None,
        segments: Sequence[Segment] = (),
        index: Index | None = None,
    ) -> None:
        self._blobs = blobs
        self.seed = seed
        self.n_seen = n_seen
        self.structure = structure
        self.kept = dict(kept or {})
        self.segments = tuple(segments)
        self.index = Index.empty() if index is None else index

    # Reading

    @property
    def schema(self) -> Schema:
        """What a row looks like."""
        if self.structure is None:
            raise StateError("The memory has never seen a row, so it has no schema yet.")
        return self.structure

    def __len__(self) -> int:
        return len(self.index.keys)

    def __getitem__(self, row: int) -> tuple[tuple[Any, Any], dict[str, Tensor]]:
        """Row `row`, oldest first, and what is kept with it."""
        if not -len(self) <= row < len(self):
            raise IndexError(f"Row {row} of a memory of {len(self)}.")
        places = torch.tensor([row % len(self)])
        return self.items(places)[0], {name: values[0] for name, values in self.extras(places).items()}

    def leaves(self, places: Tensor) -> Leaves:
        """Whole columns of these rows."""
        return {name: self.column(name).gather(places) for name in self.schema.leaves}

    def extras(self, places: Tensor) -> dict[str, Tensor]:
        """What is kept with these rows, ``(k, ...)`` each."""
        return {name: self._fixed(name).gather(places) for name in self.kept}

    def extra(self, name: str) -> Tensor:
        """What is kept with all rows under this name, ``(n, ...)``."""
        if name not in self.kept:
            raise KeyError(f"Nothing is kept under {name!r}. There is: {', '.join(self.kept) or 'nothing'}.")
        return self._fixed(name).gather(torch.arange(len(self)))

    def column(self, name: str) -> MappedColumn | MappedRagged:
        """One column of all rows, mapped on first use."""
        if name not in self._mapped:
            self._mapped[name] = self._map(name, self.index)
        return self._mapped[name]

    def will_need(self, places: Tensor) -> None:
        """Ask the system to begin reading these rows; returns at once."""
        for name in (*self.schema.leaves, *self.kept):
            self.column(name).will_need(places)

    def ids(self) -> Tensor:
        """What the rows are found by, ``(n, 16)`` uint8."""
        return self._fixed(ID).gather(torch.arange(len(self)))

    # Planning

    def plan(self, chunk: Chunk, policy: Policy, number: int) -> Plan:
        """Choose what the next memory holds.

        Args:
            chunk: the new rows.
            policy: how to choose.
            number: the number of this update.

        Raises:
            SchemaMismatch: the chunk's rows do not fit among those in memory.
            DataError: they are of a type that cannot be stored.
        """
        for path, leaf in chunk.schema.leaves.items():
            check_type(leaf, f"Chunk {chunk.name!r}: `{path}`")
        if self.structure is not None:
            self.structure.check(chunk.schema, f"Chunk {chunk.name!r}")
        fresh = row_keys(self.seed, self.n_seen, len(chunk))
        labels = np.zeros(len(chunk), np.int64) if chunk.labels is None else chunk.labels
        chosen = policy.keep(
            Candidates(
                np.concatenate([self.index.keys, fresh]),
                np.concatenate([self.index.labels, labels]),
                np.concatenate([self.index.chunks, np.full(len(chunk), number)]),
            )
        )
        old = chosen < len(self)
        add = chosen[~old] - len(self)
        return Plan(chosen[old], add, fresh[add])

    def planned(self, plan: Plan, chunk: Chunk) -> Rows:
        """The rows of the next memory, before it is written."""
        new = Picked(chunk.rows, torch.from_numpy(plan.add))
        return Joined(Picked(self, torch.from_numpy(plan.keep)), new) if len(plan.keep) else new

    # Writing

    def admit(self, plan: Plan, chunk: Chunk, number: int, folder: Path, annotate: Annotate | None = None) -> Memory:
        """Write the next memory: the rows that come in, and those of segments that are mostly dead.

        Args:
            plan: what `plan` chose.
            chunk: the new rows.
            number: the number of this update.
            folder: where files are put together before the blobs take them in.
            annotate: gives what is to be kept with the chunk's rows at some places, ``(k, ...)`` each.

        Raises:
            SchemaMismatch: what is kept with the rows differs from what the memory has.
            StateError: writing failed; nothing became visible.
        """
        kept = self.index.pick(plan.keep)
        moving = np.isin(kept.segment, self._worn_out(kept))
        schema = chunk.schema if self.structure is None else self.structure
        labels = np.zeros(len(chunk), np.int64) if chunk.labels is None else chunk.labels
        new = Index(
            np.empty(len(plan.add), np.int32),
            np.empty(len(plan.add), np.int32),
            plan.keys,
            labels[plan.add],
            np.full(len(plan.add), number, np.int32),
        )
        sources = [
            _moved(self, torch.from_numpy(plan.keep[moving])),
            _annotated(chunk, torch.from_numpy(plan.add), annotate),
        ]
        moved = int(moving.sum())
        written, extras = self._write(schema, sources, moved + len(plan.add), folder)
        if len(plan.add):
            self._demand_kept(extras)
        segments = (*self.segments, *written)
        kept.segment[moving], kept.place[moving] = len(self.segments), np.arange(moved)
        new.segment[:], new.place[:] = len(self.segments), np.arange(moved, moved + len(plan.add))
        return Memory(
            self._blobs,
            self.seed,
            self.n_seen + len(chunk),
            schema,
            extras or self.kept,
            *_without_empty(segments, kept.joined(new)),
        )

    def check_kept(self, extras: Mapping[str, Tensor]) -> None:
        """Demand that what is to be kept with new rows is what those in memory have; before hours are spent.

        Args:
            extras: what is kept with some rows, ``(k, ...)`` each.

        Raises:
            SchemaMismatch: otherwise.
        """
        self._demand_kept({name: _extra_leaf(values) for name, values in extras.items()})

    def without_kept(self) -> Memory:
        """The same rows, and nothing kept with them."""
        segments = [
            replace(segment, columns={n: d for n, d in segment.columns.items() if n not in self.kept})
            for segment in self.segments
        ]
        return replace_rows(self, segments, self.index, {})

    def erase(self, ids: Iterable[str | int], folder: Path) -> Memory | None:
        """A memory without these records, in no file of it; None if no file holds one.

        Rows that are dead, but still lie in a file, count as held.

        Args:
            ids: the records' ids, as they were given with the chunks.
            folder: where files are put together.
        """
        unwanted = _opaque(id_digests([*ids]))
        holding = [i for i in range(len(self.segments)) if np.isin(_opaque(self._all_ids(i)), unwanted).any()]
        if not holding:
            return None
        kept = self.index.pick(~np.isin(_opaque(self.ids()), unwanted)) if len(self) else self.index
        moving = np.isin(kept.segment, holding)
        survivors = self._like(kept)
        rows = torch.from_numpy(np.flatnonzero(moving))
        written, extras = self._write(self.schema, [_moved(survivors, rows)], len(rows), folder)
        index = Index(kept.segment.copy(), kept.place.copy(), kept.keys, kept.labels, kept.chunks)
        index.segment[moving], index.place[moving] = len(self.segments), np.arange(len(rows))
        segments, index = _without_empty((*self.segments, *written), index)
        return replace_rows(survivors, segments, index, extras or self.kept)

    def holds(self, ids: Iterable[str | int]) -> bool:
        """Whether any file of this memory holds one of these records, live or dead."""
        unwanted = _opaque(id_digests([*ids]))
        return any(np.isin(_opaque(self._all_ids(i)), unwanted).any() for i in range(len(self.segments)))

    def to_tree(self) -> dict[str, Any]:
        """The index as plain values and arrays, for storing."""
        return {
            "schema_version": SCHEMA_VERSION,
            "seed": self.seed,
            "n_seen": self.n_seen,
            "schema": None if self.structure is None else self.structure.to_json(),
            "kept": {n: {"dtype": leaf.dtype, "shape": [*leaf.shape]} for n, leaf in self.kept.items()},
            "segments": [{"rows": s.rows, "columns": dict(s.columns)} for s in self.segments],
            "index": vars(self.index),
        }

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any], blobs: Blobs) -> Self:
        """The reverse of `to_tree`; the segments are looked for in `blobs` when they are read.

        Raises:
            SchemaTooNew: written by a later version.
        """
        if tree["schema_version"] > SCHEMA_VERSION:
            raise SchemaTooNew(
                f"The memory has schema version {tree['schema_version']}; this vernal reads up to {SCHEMA_VERSION}. "
                "Run: pip install --upgrade vernal"
            )
        return cls(
            blobs,
            tree["seed"],
            tree["n_seen"],
            None if tree["schema"] is None else Schema.from_json(tree["schema"]),
            {n: Leaf("tensor", e["dtype"], tuple(e["shape"])) for n, e in tree["kept"].items()},
            [Segment(s["rows"], s["columns"]) for s in tree["segments"]],
            Index(**tree["index"]),
        )

    @property
    def needs(self) -> list[str]:
        """The digests of all files that this memory reads."""
        return sorted({digest for segment in self.segments for digest in segment.columns.values()})

    # Inside

    def _demand_kept(self, extras: Mapping[str, Leaf]) -> None:
        if len(self) and extras != self.kept:
            raise SchemaMismatch(
                f"Rows are kept with {_listing(extras)}, but those in memory with {_listing(self.kept)}. "
                "Go on with the method that wrote this memory, or begin a new lineage."
            )

    def _fixed(self, name: str) -> MappedColumn:
        column = self.column(name)
        assert isinstance(column, MappedColumn)
        return column

    @cached_property
    def _mapped(self) -> dict[str, MappedColumn | MappedRagged]:
        return {}

    def _leaf(self, name: str) -> Leaf:
        return _OWN.get(name) or self.kept.get(name) or self.schema.leaves[name]

    def _map(self, name: str, index: Index) -> MappedColumn | MappedRagged:
        leaf = self._leaf(name)
        files = [self._blobs.path(segment.columns[name]) for segment in self.segments]
        kind = MappedRagged if leaf.varies else MappedColumn
        return kind(files, leaf, torch.from_numpy(index.segment).long(), torch.from_numpy(index.place).long())

    def _all_ids(self, segment: int) -> Tensor:
        part = self.segments[segment]
        rows = np.arange(part.rows, dtype=np.int32)
        alone = Memory(self._blobs, 0, segments=[part], index=Index(np.zeros_like(rows), *[rows] * 4))
        return alone.ids()

    def _like(self, index: Index) -> Memory:
        return Memory(self._blobs, self.seed, self.n_seen, self.structure, self.kept, self.segments, index)

    def _worn_out(self, kept: Index) -> np.ndarray[Any, Any]:
        """Segments to be written anew, so that no more than half of what lies on disk is dead for long.

        Nothing is, as long as most rows are alive; then those segments are that are mostly dead. The smallest ones are,
        too, when there are too many.
        """
        live = np.bincount(kept.segment, minlength=len(self.segments))
        rows = np.array([segment.rows for segment in self.segments], dtype=np.int64)
        mostly_dead = (live > 0) & (2 * live < rows) & (2 * live.sum() < rows[live > 0].sum())
        worn = set(np.flatnonzero(mostly_dead).tolist())
        if int((live > 0).sum()) >= MOST_SEGMENTS:
            order = [i for i in np.argsort(live, kind="stable").tolist() if live[i]]
            worn.update(order[: 2 * MOST_SEGMENTS // 3])
        return np.array(sorted(worn), dtype=np.int64)

    def _write(
        self, schema: Schema, sources: Sequence[Iterator[Leaves]], rows: int, folder: Path
    ) -> tuple[list[Segment], dict[str, Leaf]]:
        if not rows:
            return [], {}
        writers: dict[str, ColumnWriter] = {}
        extras: dict[str, Leaf] = {}
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            for block in (block for source in sources for block in source):
                if not writers:
                    extras = {n: _extra_leaf(v) for n, v in block.items() if n not in (*schema.leaves, *_OWN)}
                    for name, leaf in {**schema.leaves, **_OWN, **extras}.items():
                        writer = ColumnWriter(folder / f"{name}.column", leaf, rows)
                        writers[name] = stack.enter_context(writer)
                _check_block(block, schema, extras)
                for name, writer in writers.items():
                    writer.write(block[name])
        columns = {name: self._blobs.put_file(folder / f"{name}.column") for name in writers}
        return [Segment(rows, columns)], extras


def replace_rows(memory: Memory, segments: Sequence[Segment], index: Index, extras: Mapping[str, Leaf]) -> Memory:
    """The memory with other segments and another index."""
    return Memory(memory._blobs, memory.seed, memory.n_seen, memory.structure, extras, segments, index)  # noqa: SLF001


def _moved(memory: Memory, rows: Tensor) -> Iterator[Leaves]:
    for places in torch.split(rows, BLOCK):
        if len(places):
            own = {name: memory.column(name).gather(places) for name in _OWN}
            yield memory.leaves(places) | memory.extras(places) | own


def _annotated(chunk: Chunk, rows: Tensor, annotate: Annotate | None) -> Iterator[Leaves]:
    for places in torch.split(rows, BLOCK):
        if len(places):
            block = chunk.rows.leaves(places)
            extra = dict(annotate(places)) if annotate else {}
            yield block | extra | {ID: chunk.ids[places], TIME: chunk.times[places]}


def _extra_leaf(values: Tensor | list[Tensor]) -> Leaf:
    assert isinstance(values, Tensor)
    return Leaf("tensor", str(values.dtype).removeprefix("torch."), tuple(values.shape[1:]))


def _check_block(block: Leaves, schema: Schema, extras: Mapping[str, Leaf]) -> None:
    """A method that keeps logits now and then would leave columns of unequal length."""
    if block.keys() - schema.leaves.keys() - _OWN.keys() != extras.keys():
        raise SchemaMismatch(f"All rows must be kept with {_listing(extras)}, got {', '.join(block)}.")
    for name, leaf in extras.items():
        values = block[name]
        if _extra_leaf(values) != leaf or len(values) != len(block[ID]):
            raise SchemaMismatch(f"`{name}` is {_extra_leaf(values)} for some rows and {leaf} for others.")


def _listing(extras: Mapping[str, Leaf]) -> str:
    return ", ".join(f"`{name}`: {leaf}" for name, leaf in extras.items()) or "nothing"


def _without_empty(segments: Sequence[Segment], index: Index) -> tuple[list[Segment], Index]:
    used = np.unique(index.segment)
    number = np.zeros(len(segments) + 1, np.int32)
    number[used] = np.arange(len(used))
    return [segments[i] for i in used], replace(index, segment=number[index.segment])


def _opaque(digests: Tensor) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(digests.numpy()).view("V16").reshape(-1)
