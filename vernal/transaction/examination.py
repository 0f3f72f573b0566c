"""Versions of a store, asked about the very same rows: what a gate judges by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vernal.base import ConfigError
from vernal.config import Plan, resolve
from vernal.data import Picked, Rows
from vernal.gate import Case, Scored
from vernal.state import unpack
from vernal.store import Store
from vernal.tasks import Task
from vernal.training import Predictions
from vernal.transaction.new_data import NewData, read_data, together
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
        found = self.answers[version]
        right = None
        if found.y is not None and found.predicted is not None and len(found.y) == len(self.ids):
            right = self.task.correct(found.y, found.predicted)
        return -found.losses.astype(np.float64) if right is None else np.asarray(right, np.float64)

    def scored(self, version: str, checks: Mapping[str, Any] | None = None) -> Scored:
        """What a gate is given of one version."""
        return Scored(version, self.ids, self.scores(version), self.answers[version].predicted, dict(checks or {}))

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
        y = next((found.y for found in self.answers.values() if found.y is not None), None)
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


def examine(plan: Plan, store: Store | str | Path, versions: Sequence[str], unseen: bool = False) -> Examination:
    """Ask versions about the same rows, of which none has learned any.

    These are the validation rows that the first version keeps, of its own chunk and of all earlier ones, without those
    that a version of another lineage was trained on, as their ids tell.

    Args:
        plan: brings config file and data module; that by which the first version was made.
        store: where they lie.
        versions: the challenger, then those that it is compared with.
        unseen: ask about all rows of the plan's own data instead, which are then new to all versions.

    Raises:
        ConfigError: there are no validation rows; or versions of several lineages are compared on rows without ids.
        StateNotFound: a version is unknown.
        SchemaMismatch: the rows are of another form than the data module gives.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    data = read_data(resolve(plan), lambda prepare: prepare())
    asked = [Version(plan, store, key, data) for key in versions]
    rows, ids, chunks = _new(asked[0], data) if unseen else _fair(asked, *_held(asked[0], data))
    answers = {version.id: version.predictions(rows) for version in asked}
    task = asked[0].situation.task
    metrics = {id: found.measure(task) for id, found in answers.items()}
    slices = _slices(asked[0], rows)
    return Examination(ids, chunks, int(chunks.max()), task, answers, metrics, slices)


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
    pairs = rows.items(torch.arange(len(rows)))
    with version.situation.resolved.config.naming("`slices_fn`", "on a row"):
        return {str(name): np.array([bool(belongs(x, y)) for x, y in pairs]) for name, belongs in named.items()}


def _held(version: Version, data: NewData) -> tuple[Rows, Array, Array]:
    """The rows to be judged by, their ids, and the chunks that they came with."""
    number = int(version.parent.record["number"])
    memory = version.parent.memory("validation")
    if memory is not None and len(memory):
        memory.schema.check(data.train.schema, str(data.train))
        return memory, _texts(memory.ids().numpy()), memory.index.chunks.astype(np.int64)
    part = data.validation or data.test
    if part is None:
        raise ConfigError(
            f"Version {version.id} cannot be judged: it has no validation data. Let the data module give some, for "
            "instance `train, validation = chunk.split([0.8, 0.2])`."
        )
    return part.rows, _texts(part.ids.numpy()), np.full(len(part), number, np.int64)


def _new(version: Version, data: NewData) -> tuple[Rows, Array, Array]:
    """All rows of the data, as one chunk after the version's own."""
    ids = np.concatenate([part.ids.numpy() for part in data.parts])
    return together(data.parts), _texts(ids), np.full(len(ids), int(version.parent.record["number"]) + 1, np.int64)


def _fair(asked: Sequence[Version], rows: Rows, ids: Array, chunks: Array) -> tuple[Rows, Array, Array]:
    """Without rows that one of several lineages has learned. Within one, validation rows stay validation rows."""
    lineages = [[record["id"] for record in v.situation.store.lineage(v.id)] for v in asked]
    others = [v for v, line in zip(asked, lineages, strict=True) if not {*line} <= {*lineages[0]}]
    if not others:
        return rows, ids, chunks
    learned = np.concatenate([_learned(version) for version in others])
    places = np.flatnonzero(~np.isin(ids, learned))
    if not len(places):
        raise ConfigError(
            f"Version {asked[0].id} cannot be compared with {others[0].id}: that one was trained on all rows that are "
            "there to judge by. Split by ids, `chunk.split([0.8, 0.2])`, so that a row is always on the same side."
        )
    return Picked(rows, torch.from_numpy(places)), ids[places], chunks[places]


def _learned(version: Version) -> Array:
    """The ids of all rows that a version and those before it were trained on, as text."""
    found = []
    for record in version.situation.store.lineage(version.id):
        artefact = record["artefacts"].get("ids")
        if artefact is None:
            raise ConfigError(
                f"Versions {record['id']} and others of another lineage cannot be compared: nobody can tell which rows "
                "each has learned, as rows came without ids. Name their ids: `window.chunk(..., id_column=...)`, "
                "`Chunk(..., ids=...)`."
            )
        store = version.situation.store
        found.append(_texts(unpack(store.blobs.get(store.resolve(artefact["blob"])))["ids"].numpy()))
    return np.concatenate(found)


def _texts(ids: Array) -> Array:
    return np.array([bytes(one).hex() for one in ids])
