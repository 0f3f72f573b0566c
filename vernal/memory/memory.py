"""The rehearsal memory: an immutable snapshot of rows on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from vernal.base import CorruptState, DataError, SchemaMismatch, SchemaTooNew, StateError
from vernal.data import Chunk, Joined, Leaf, Leaves, Picked, Rows, Schema, id_digests
from vernal.memory.changed import Change, Changed
from vernal.memory.column_file import check_type
from vernal.memory.index import Index, Plan, Segment, without_empty, worn_out
from vernal.memory.kept import Annotate, padded, rewrite_kept, widens
from vernal.memory.keys import row_keys
from vernal.memory.mapped import MappedColumn, MappedRagged
from vernal.memory.policy import Candidates, Features, Policy
from vernal.memory.segment_file import ID, OWN, TIME, Blobs, check_names, extra_leaf, listing, write_segment

BLOCK = 1024  # rows that are held in memory while they are written
SCHEMA_VERSION = 1
_TREE = {"schema_version", "seed", "n_seen", "schema", "kept", "segments", "index"}


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

    def plan(self, chunk: Chunk, policy: Policy, number: int, features: Features | None = None) -> Plan:
        """Choose what the next memory holds.

        Args:
            chunk: the new rows.
            policy: how to choose.
            number: the number of this update.
            features: what the policy's `embedding` asks for, of all rows in memory and then of all rows of the chunk,
                ``(n, d)``; None for policies that do not ask.

        Raises:
            SchemaMismatch: the chunk's rows do not fit among those in memory.
            DataError: they are of a type that cannot be stored, or the features are not one finite row for each.
        """
        for path, leaf in chunk.schema.leaves.items():
            check_type(leaf, f"{chunk}: `{path}`")
        if self.structure is not None:
            self.structure.check(chunk.schema, str(chunk))
        if features is not None:
            _check_features(features, len(self) + len(chunk))
        fresh = row_keys(self.seed, self.n_seen, len(chunk))
        labels = np.zeros(len(chunk), np.int64) if chunk.labels is None else chunk.labels
        chosen = policy.keep(
            Candidates(
                np.concatenate([self.index.keys, fresh]),
                np.concatenate([self.index.labels, labels]),
                np.concatenate([self.index.chunks, np.full(len(chunk), number)]),
                np.concatenate([np.full(len(self), self.n_seen / max(1, len(self))), np.ones(len(chunk))]),
                features,
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
        moving = np.isin(kept.segment, worn_out(kept, self.segments))
        schema = chunk.schema if self.structure is None else self.structure
        labels = np.zeros(len(chunk), np.int64) if chunk.labels is None else chunk.labels
        new = Index(
            np.empty(len(plan.add), np.int32),
            np.empty(len(plan.add), np.int32),
            plan.keys,
            labels[plan.add],
            np.full(len(plan.add), number, np.int32),
        )
        blocks = chain(
            _moved(self, torch.from_numpy(plan.keep[moving])),
            _annotated(chunk, torch.from_numpy(plan.add), annotate),
        )
        moved = int(moving.sum())
        written, extras = write_segment(self._blobs, schema, blocks, moved + len(plan.add), folder)
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
            *without_empty(segments, kept.joined(new)),
        )

    def check_kept(self, extras: Mapping[str, Tensor]) -> None:
        """Demand that what is to be kept with new rows is what those in memory have; before hours are spent.

        Args:
            extras: what is kept with some rows, ``(k, ...)`` each.

        Raises:
            SchemaMismatch: otherwise.
        """
        check_names(extras)
        self._demand_kept({name: extra_leaf(values) for name, values in extras.items()})

    def narrower_kept(self, extras: Mapping[str, Tensor]) -> bool:
        """Whether what is to be kept with new rows has only grown since those in memory were written.

        Then `with_wider_kept` makes it fit; where neither this nor `check_kept` is content, only `annotated` does.

        Args:
            extras: what is kept with some rows, ``(k, ...)`` each.
        """
        came = {name: extra_leaf(values) for name, values in extras.items()}
        alike = bool(len(self)) and came.keys() == self.kept.keys() and came != self.kept
        return alike and all(widens(leaf, came[name]) for name, leaf in self.kept.items())

    def without_kept(self) -> Memory:
        """The same rows, and nothing kept with them."""
        segments = [
            replace(segment, columns={n: d for n, d in segment.columns.items() if n not in self.kept})
            for segment in self.segments
        ]
        return replace_rows(self, segments, self.index, {})

    def annotated(self, annotate: Annotate, folder: Path, batch: int = BLOCK) -> Memory:
        """The same rows, with other things kept beside them; only these are written.

        So a method that keeps, say, the outputs of the model can go on with a memory that another one wrote. What was
        kept before is given up, unless `annotate` gives it again. Of an empty memory nothing is asked.

        Args:
            annotate: gives what is to be kept with the rows at some places of this memory, ``(k, ...)`` each.
            folder: where files are put together.
            batch: rows that `annotate` sees at a time, at least 1.

        Raises:
            SchemaMismatch: `annotate` takes the name of a part of the row, or gives rows of different kinds.
            StateError: writing failed; nothing became visible.
        """
        bare = self.without_kept()
        segments, kept = rewrite_kept(self._blobs, bare.segments, self.index, annotate, folder, batch)
        return replace_rows(self, segments, self.index, kept)

    def with_wider_kept(self, shapes: Mapping[str, tuple[int, ...]], folder: Path) -> Memory:
        """The same rows, and what is kept with them padded with NaN to wider shapes; itself if nothing is narrower.

        For models whose heads have grown: what they would have said of a class that did not exist is unknown.

        Args:
            shapes: the shape that a row of each column is to have; columns that are not named stay as they are.
            folder: where files are put together.

        Raises:
            SchemaMismatch: a column is wider than asked, has no NaN, or does not exist.
        """
        if not len(self):
            return self
        asked = {**self.kept, **{n: Leaf("tensor", self._kept_type(n), tuple(shape)) for n, shape in shapes.items()}}
        for name, leaf in self.kept.items():
            if not widens(leaf, asked[name]):
                raise SchemaMismatch(
                    f"`{name}` is kept as {leaf}, which cannot be padded with NaN to {asked[name]}. Ask for floating "
                    "numbers of as many dimensions, each at least as long, or annotate the memory anew."
                )
        if asked == self.kept:
            return self
        return self.annotated(
            lambda places: {name: padded(values, asked[name]) for name, values in self.extras(places).items()}, folder
        )

    def upgraded(self, change: Change, folder: Path) -> Memory:
        """All rows written anew through a function, in the schema that results, e.g. with one more input feature.

        Ids, times, keys, labels, chunks and what is kept stay with their rows; labels are those under which a row came
        in, whatever `change` makes of ``y``. No file of this memory is needed any more. A memory without rows only
        forgets its schema: the next chunk brings the new one.

        Args:
            change: ``change(x, y)`` gives the new ``(x, y)``; called twice a row, and must give the same both times.
                Where a row had NumPy arrays it sees tensors.
            folder: where files are put together.

        Raises:
            SchemaMismatch: rows come out with differing schemas. Only a length that varied before may vary.
            DataError: they are of a type that cannot be stored.
            StateError: writing failed; nothing became visible.
        """
        if not len(self):
            return Memory(self._blobs, self.seed, self.n_seen, None, self.kept)
        rows = Changed(self, change, BLOCK)
        segments, _ = write_segment(
            self._blobs, rows.schema, _moved(self, torch.arange(len(self)), rows), len(self), folder
        )
        index = replace(self.index, segment=np.zeros(len(self), np.int32), place=np.arange(len(self), dtype=np.int32))
        return Memory(self._blobs, self.seed, self.n_seen, rows.schema, self.kept, segments, index)

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
        written, extras = write_segment(self._blobs, self.schema, _moved(survivors, rows), len(rows), folder)
        index = Index(kept.segment.copy(), kept.place.copy(), kept.keys, kept.labels, kept.chunks)
        index.segment[moving], index.place[moving] = len(self.segments), np.arange(len(rows))
        segments, index = without_empty((*self.segments, *written), index)
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
            CorruptState: not the index of a memory.
        """
        if not isinstance(tree, Mapping) or tree.keys() != _TREE:
            raise CorruptState(
                "This is not the index of a memory. Restore the file from a backup, or go back to an earlier version."
            )
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

    def _kept_type(self, name: str) -> str:
        if name not in self.kept:
            raise SchemaMismatch(f"Nothing is kept under {name!r}. There is: {listing(self.kept)}.")
        return self.kept[name].dtype

    def _demand_kept(self, extras: Mapping[str, Leaf]) -> None:
        if len(self) and extras != self.kept:
            raise SchemaMismatch(
                f"Rows are kept with {listing(extras)}, but those in memory with {listing(self.kept)}. "
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
        return OWN.get(name) or self.kept.get(name) or self.schema.leaves[name]

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


def replace_rows(memory: Memory, segments: Sequence[Segment], index: Index, extras: Mapping[str, Leaf]) -> Memory:
    """The memory with other segments and another index."""
    return Memory(memory._blobs, memory.seed, memory.n_seen, memory.structure, extras, segments, index)  # noqa: SLF001


def _check_features(features: Features, rows: int) -> None:
    if features.ndim != 2 or len(features) != rows:
        raise DataError(f"`features` has shape {features.shape}, but there are {rows} rows. Give one vector for each.")
    if features.dtype not in (np.float32, np.float64):
        raise DataError(f"`features` is {features.dtype}. Convert it to float32 or float64.")
    wrong = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(wrong):
        raise DataError(f"`features` of row {wrong[0]} is not finite. Look for a model that overflows on some rows.")


def _moved(memory: Memory, rows: Tensor, source: Rows | None = None) -> Iterator[Leaves]:
    """Rows of the memory and all that belongs to them; the rows themselves as `source` gives them."""
    for places in torch.split(rows, BLOCK):
        if len(places):
            own = {name: memory.column(name).gather(places) for name in OWN}
            yield (memory if source is None else source).leaves(places) | memory.extras(places) | own


def _annotated(chunk: Chunk, rows: Tensor, annotate: Annotate | None) -> Iterator[Leaves]:
    for places in torch.split(rows, BLOCK):
        if len(places):
            block = chunk.rows.leaves(places)
            extra = dict(annotate(places)) if annotate else {}
            check_names(extra)
            yield block | extra | {ID: chunk.ids[places], TIME: chunk.times[places]}


def _opaque(digests: Tensor) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(digests.numpy()).view("V16").reshape(-1)
