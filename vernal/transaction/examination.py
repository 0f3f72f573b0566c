"""Versions of a store, asked about the very same rows: what a gate judges by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vernal.base import ConfigError
from vernal.config import Plan, Resolved, resolve
from vernal.data import Chunk, Picked, Rows, fixed_randomness
from vernal.gate import Case, Scored
from vernal.state import unpack
from vernal.store import Store
from vernal.tasks import Task
from vernal.training import Predictions
from vernal.transaction.new_data import NewData, read_data, together
from vernal.transaction.parent import Parent
from vernal.transaction.version import Version

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Examination:
    """What several versions say to the same rows, frozen.

    Args:
        ids: what the rows are known by, ``(n,)`` text: digests of the user's ids.
        chunks: the number of the chunk that each row came with, ``(n,)`` int64.
        new: number of the newest chunk.
        task: what kind of question the rows ask.
        answers: the predictions by version, by the ids of the store.
        metrics: all metrics over all rows by version.
        slices: groups of rows, ``(n,)`` bool by name: what `slices_fn` of the config file names.
    """

    ids: Array
    chunks: Array
    new: int
    task: Task
    answers: Mapping[str, Predictions]
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    slices: Mapping[str, Array] = field(default_factory=dict)

    def scores(self, version: str) -> Array:
        """How good each answer is, ``(n,)``: 1 right and 0 wrong; minus the loss where nothing is simply right."""
        rights = {one: self._right(found) for one, found in self.answers.items()}
        if all(right is not None for right in rights.values()):
            return np.asarray(rights[version], np.float64)
        return -self.answers[version].losses.astype(np.float64)

    def scored(self, version: str, checks: Mapping[str, Any] | None = None) -> Scored:
        """What a gate is given of one version."""
        predicted = self.answers[version].predicted
        return Scored(version, self.ids, self.scores(version), self._of_rows(predicted), dict(checks or {}))

    def _right(self, found: Predictions) -> Array | None:
        y, predicted = self._of_rows(found.y), self._of_rows(found.predicted)
        return None if y is None or predicted is None else self.task.correct(y, predicted)

    def _of_rows(self, values: Array | None) -> Array | None:
        return values if values is not None and len(values) == len(self.ids) else None

    def check(self) -> None:
        """Demand answers that can be compared row by row.

        Raises:
            ConfigError: there is nothing but the loss, and rows have none of their own.
        """
        found = self.answers.values()
        if any(self._right(one) is None for one in found) and not all(one.by_row for one in found):
            raise ConfigError(
                "Models are compared row by row, and the loss that `loss_fn` gives is one number for a batch. Return "
                "one for each row there, e.g. `nn.MSELoss(reduction='none')`: its mean is trained on."
            )

    def case(
        self,
        challengers: Sequence[str],
        champion: str | None,
        anchor: str | None = None,
        *,
        checks: Mapping[str, Mapping[str, Any]] | None = None,
        looks: int = 0,
    ) -> Case:
        """What a gate is given.

        Args:
            challengers: those that want the champion's place.
            champion: who has it; None if nobody does.
            anchor: the best there ever was.
            checks: what was measured of versions beside their answers.
            looks: how many times these rows have been used to judge before.
        """
        checks = checks or {}
        own = {version: self.scored(version, checks.get(version)) for version in self.answers}
        y = next((y for found in self.answers.values() if (y := self._of_rows(found.y)) is not None), None)
        return Case(
            champion=own[champion] if champion else None,
            challengers=[own[version] for version in challengers],
            anchor=own[anchor] if anchor and anchor != champion else None,
            y=y,
            chunks=self.chunks,
            new=self.new,
            slices=self.slices,
            looks=looks,
        )


@dataclass(frozen=True)
class _Asked:
    """Rows that versions are asked about.

    Args:
        rows: these.
        ids: the digests of their ids, ``(n,)`` of 16 opaque bytes.
        chunks: the number of the chunk that each came with, ``(n,)`` int64.
    """

    rows: Rows
    ids: Array
    chunks: Array

    def without(self, ids: Array) -> _Asked:
        """Those that are known by other ids than these."""
        places = np.flatnonzero(~np.isin(self.ids, ids))
        if len(places) == len(self.ids):
            return self
        return _Asked(Picked(self.rows, torch.from_numpy(places)), self.ids[places], self.chunks[places])


def examine(plan: Plan, store: Store | str | Path, versions: Sequence[str], unseen: bool = False) -> Examination:
    """Ask versions about the same rows, of which none has learned any.

    These are the validation rows that the first version keeps, of its own chunk and of all earlier ones. Where rows
    have ids, those that any of the versions was trained on are left out.

    Args:
        plan: brings config file and data module; that by which the first version was made.
        store: where they lie.
        versions: the challenger, then those that it is compared with.
        unseen: ask about the plan's own data instead, of which the versions have learned nothing. What they have
            learned all the same is left out; nothing may be left.

    Raises:
        ConfigError: there are no validation rows; versions of several lineages are compared on rows without ids; a
            version cannot read the rows; the loss is one number for a batch, and nothing else tells who is right.
        StateNotFound: a version is unknown.
        SchemaMismatch: the rows are of another form than the data module gives.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    resolved = resolve(plan)
    data = read_data(resolved, lambda prepare: prepare())
    parents = [Parent(store.record(key), store) for key in versions]
    first, number = parents[0], int(parents[0].record["number"])
    asked = _new(data, number + 1) if unseen else _held(first, data)
    fair = asked.without(_learned(parents))
    if not len(fair.ids) and not unseen:
        raise ConfigError(
            f"Version {first.id} cannot be judged: all rows that are there to judge by were learned by one of "
            f"{', '.join(parent.id for parent in parents)}. Split by ids, `chunk.split([0.8, 0.2])`, so that a row is "
            "always on the same side."
        )
    return _asked(resolved, parents, data, fair, number + unseen)


def _asked(resolved: Resolved, parents: Sequence[Parent], data: NewData, asked: _Asked, number: int) -> Examination:
    # With the rows among the data, so that every version has room for their classes.
    data = replace(data, test=Chunk(asked.rows)) if len(asked.ids) else data
    versions = [Version(resolved, parent, data) for parent in parents]
    task, seed = versions[0].situation.task, versions[0].seed
    if len(asked.ids):
        answers = {version.id: version.predictions(asked.rows, seed, own_metrics=True) for version in versions}
        metrics = {id: found.measure(task) for id, found in answers.items()}
    else:
        answers, metrics = {version.id: Predictions(np.zeros(0), None, None, {}) for version in versions}, {}
    ids = np.array([bytes(one).hex() for one in asked.ids], dtype=np.str_)
    found = Examination(ids, asked.chunks, number, task, answers, metrics, _slices(versions[0], asked.rows))
    found.check()
    return found


def _slices(version: Version, rows: Rows) -> dict[str, Array]:
    """Which rows belong to which group of the user's."""
    named = version.situation.call("slices_fn") or {}
    if not isinstance(named, Mapping) or not all(map(callable, named.values())):
        raise ConfigError(
            "`slices_fn` must give functions by name, each of which says of a row `(x, y)` whether it belongs to the "
            f"slice, got {named!r}."
        )
    if not named:
        return {}
    with version.situation.resolved.config.naming("`slices_fn`", "on a row"), fixed_randomness(0):
        pairs = rows.items(torch.arange(len(rows)))
        return {str(name): np.array([bool(belongs(x, y)) for x, y in pairs], bool) for name, belongs in named.items()}


def _held(version: Parent, data: NewData) -> _Asked:
    """The rows that a version keeps to be judged by, of all chunks."""
    memory = version.memory("validation")
    if memory is not None and len(memory):
        memory.schema.check(data.train.schema, str(data.train))
        return _Asked(memory, _opaque(memory.ids()), memory.index.chunks.astype(np.int64))
    part = data.validation or data.test
    if part is None:
        raise ConfigError(
            f"Version {version.id} cannot be judged: it has no validation data. Let the data module give some, for "
            "instance `train, validation = chunk.split([0.8, 0.2])`."
        )
    return _Asked(part.rows, _opaque(part.ids), np.full(len(part), int(version.record["number"]), np.int64))


def _new(data: NewData, number: int) -> _Asked:
    """All rows of the data, as one chunk."""
    ids = np.concatenate([_opaque(part.ids) for part in data.parts])
    return _Asked(together(data.parts), ids, np.full(len(ids), number, np.int64))


def _learned(versions: Sequence[Parent]) -> Array:
    """The ids of all rows that versions and those before them were trained on.

    Within one lineage, validation rows without ids are trusted to be validation rows.

    Raises:
        ConfigError: there are several lineages, and one has learned rows without ids.
    """
    store = versions[0].store
    lineages = [store.lineage(version.id) for version in versions]
    own = {record["id"] for record in lineages[0]}
    found = {}
    for version, records in zip(versions, lineages, strict=True):
        is_other = not {record["id"] for record in records} <= own
        for record in records:
            artefact = record["artefacts"].get("ids")
            if artefact is not None and record["id"] not in found:
                found[record["id"]] = _opaque(unpack(store.blobs.get(store.resolve(artefact["blob"])))["ids"])
            elif artefact is None and is_other:
                raise ConfigError(
                    f"Versions {versions[0].id} and {version.id} are of different lineages, and cannot be compared: "
                    "nobody can tell which rows each has learned, as rows came without ids. Name their ids: "
                    "`window.chunk(..., id_column=...)`, `Chunk(..., ids=...)`."
                )
    return np.concatenate([*found.values(), np.zeros(0, "V16")])


def _opaque(ids: Tensor) -> Array:
    """Digests ``(n, 16)`` uint8 as ``(n,)``, each one value that can be compared."""
    return np.ascontiguousarray(ids.numpy()).view("V16").reshape(-1)
