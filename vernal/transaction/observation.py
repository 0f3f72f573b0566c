"""What the model in production makes of new rows: what triggers look at."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vernal.base import ConfigError, derive_seed
from vernal.config import Plan, Resolved, resolve
from vernal.data import Picked, Rows, fixed_randomness
from vernal.memory import Changed, Memory
from vernal.store import Store
from vernal.training import Predictions
from vernal.transaction.new_data import NewData, read_data, together
from vernal.transaction.parent import Parent
from vernal.transaction.remembering import upgrade_of
from vernal.transaction.version import Version

Array = np.ndarray[Any, Any]
Sample = tuple[Array, Array]

SAMPLE = 2000  # rows of each sample
WIDEST = 1024  # columns of raw features; for wider rows the embeddings stand
ENOUGH = 100  # rows to compare with
FIRST = 2  # rows on which it is tried whether samples can be drawn
SAMPLES = ("features", "embeddings", "outputs")
VALUES = ("correct", "loss")


@dataclass(frozen=True)
class Observation:
    """New rows, as the model sees them that has not learned them.

    Args:
        rows: how many there are.
        schema: what a row looks like, as text.
        values: by name, ``(n, 2)``: the time of each row, and ``"correct"`` (1 right, 0 wrong) or ``"loss"``.
        samples: by name two samples: of rows of the model's own time, and of the new ones. Drawn at the first look.
    """

    rows: int
    schema: str
    values: Mapping[str, Array]
    samples: Mapping[str, Sample]


class Samples(Mapping[str, Sample]):
    """Samples by name, each drawn when it is first looked at: most looks of a trigger need none.

    Args:
        names: those that may be asked for.
        draw: gives the one with a name; None if there is none.

    Examples:
        >>> samples = Samples(["features"], lambda name: print("drawn") or (np.zeros((2, 1)), np.ones((2, 1))))
        >>> samples["features"][1].shape, "features" in samples
        drawn
        ((2, 1), True)
    """

    def __init__(self, names: Collection[str], draw: Callable[[str], Sample | None]) -> None:
        self._names, self._draw = names, draw
        self._drawn: dict[str, Sample | None] = {}

    def __getitem__(self, name: str) -> Sample:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._drawn:
            self._drawn[name] = self._draw(name)
        if (sample := self._drawn[name]) is None:
            raise KeyError(name)
        return sample

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def observe(plan: Plan, store: Store | str | Path, key: str, needs: Collection[str], now: float) -> Observation:
    """Look at new rows through a version of the store; nothing is learned and nothing written.

    Args:
        plan: brings config file, data module and the window of new rows. All parts of the data count: the model has
            learned none of them.
        store: where the version lies.
        key: the version.
        needs: what is wanted, of `SAMPLES` and `VALUES`; other names are not for here to know.
        now: the time of rows that have none, seconds since 1970.

    Raises:
        ConfigError: something is wrong with the config file; the model cannot read the rows; the loss is wanted, and
            no row has one of its own.
        DataError: the rows cannot be read.
        SchemaMismatch: a sample is wanted, and the version keeps rows of another form.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    resolved = resolve(plan)
    data = read_data(resolved, lambda prepare: prepare())
    look = _Look(resolved, Parent(store.record(key), store), data)
    values = look.values([name for name in VALUES if name in needs], now)
    names = [name for name in SAMPLES if name in needs]
    look.try_out(names)
    samples = Samples(names, look.sample)
    return Observation(sum(map(len, data.parts)), str(data.train.schema), values, samples)


@dataclass(frozen=True)
class _Look:
    """A version, and rows that it has not learned.

    Args:
        resolved: brings the config file.
        parent: the version.
        data: the rows.
    """

    resolved: Resolved
    parent: Parent
    data: NewData

    @cached_property
    def version(self) -> Version:
        """The version, made when it is first asked."""
        return Version(self.resolved, self.parent, self.data)

    def values(self, names: Collection[str], now: float) -> dict[str, Array]:
        """Losses and hits of all rows, in the order of their times; no hits where nothing is simply right or wrong."""
        if not names:
            return {}
        parts = self.data.parts
        times = np.concatenate([part.times.numpy() for part in parts])
        times = np.where(np.isnan(times), now, times)
        order = np.argsort(times, kind="stable")
        measured = {"correct": self._correct, "loss": self._losses}
        found = {name: measured[name]() for name in names}
        return {
            name: np.stack([times, values.astype(np.float64)], 1)[order]
            for name, values in found.items()
            if values is not None
        }

    def try_out(self, names: Collection[str]) -> None:
        """Find out on a few rows whether samples can be drawn: who looks at them later expects no errors."""
        for name in names:
            if self._reference is not None:
                self._views[name](_first(self._reference))
                self._views[name](_first(together(self.data.parts)))

    def sample(self, name: str) -> Sample | None:
        """A sample of the version's own rows and one of the new rows; None where they cannot be seen that way."""
        if self._reference is None:
            return None
        old = self._views[name](self._reference)
        new = self._views[name](_some(together(self.data.parts), self.version.seed, "current"))
        return None if old is None or new is None or old.shape[1] != new.shape[1] else (old, new)

    @property
    def _views(self) -> dict[str, Callable[[Rows], Array | None]]:
        return {"features": _features, "embeddings": self.version.embeddings, "outputs": self.version.outputs}

    @cached_property
    def _predictions(self) -> list[Predictions]:
        return [self.version.predictions(part.rows) for part in self.data.parts]

    def _losses(self) -> Array:
        if not all(one.by_row for one in self._predictions):
            raise ConfigError(
                "A trigger looks at the loss of each row, and the loss that `loss_fn` gives is one number for a batch. "
                "Return one for each row there, e.g. `nn.MSELoss(reduction='none')`: its mean is trained on."
            )
        return np.concatenate([one.losses for one in self._predictions])

    def _correct(self) -> Array | None:
        task = self.version.situation.task
        hits = []
        for one, part in zip(self._predictions, self.data.parts, strict=True):
            right = None if one.y is None or one.predicted is None else task.correct(one.y, one.predicted)
            if right is None or len(right) != len(part):
                return None
            hits.append(np.asarray(right))
        return np.concatenate(hits)

    @cached_property
    def _reference(self) -> Rows | None:
        """Rows of the time when the version was made, the best that there are enough of.

        Held-out rows come first: what a model makes of rows that it was trained on is not what it makes of others. But
        too few of them would never be tested, and a policy that waits for drift would wait for ever.
        """
        most: Rows | None = None
        for rows in self._references():
            most = rows if most is None or len(rows) > len(most) else most
            if len(most) >= ENOUGH:
                break
        if not most:
            return None
        rows = _some(most, self.version.seed, "reference")
        upgrade = upgrade_of(self.version.situation, rows.schema)
        if upgrade is None:
            return rows
        with self.resolved.config.naming("`upgrade_row_fn`", f"on rows ({rows.schema})"):
            return Changed(rows, upgrade, SAMPLE)

    def _references(self) -> Iterator[Rows]:
        """The newest rows that were held out, and the newest that were learned."""
        for name in ("validation", "memory"):
            memory = self.parent.memory(name)
            if memory is not None and len(memory):
                yield _newest(memory)


def _newest(memory: Memory) -> Rows:
    """The rows of the newest chunk; of several, where one has too few. All that was ever kept is of no one time."""
    chunks = memory.index.chunks
    if len(chunks) <= ENOUGH:
        return memory
    return Picked(memory, torch.from_numpy(np.flatnonzero(chunks >= np.sort(chunks)[-ENOUGH])))


def _first(rows: Rows) -> Rows:
    return Picked(rows, torch.arange(min(FIRST, len(rows))))


def _some(rows: Rows, seed: int, name: str) -> Rows:
    """A sample of rows, in their order."""
    if len(rows) <= SAMPLE:
        return rows
    chosen = np.sort(np.random.default_rng(derive_seed(seed, name)).choice(len(rows), SAMPLE, replace=False))
    return Picked(rows, torch.from_numpy(chosen))


def _features(rows: Rows) -> Array | None:
    """The inputs' numbers side by side, ``(n, d)``; None where they are no numbers, vary in length or are many."""
    leaves = {name: leaf for name, leaf in rows.schema.leaves.items() if name == "x" or name.startswith("x.")}
    if any(leaf.varies or leaf.kind == "str" for leaf in leaves.values()):
        return None
    if sum(math.prod(n or 1 for n in leaf.shape) for leaf in leaves.values()) > WIDEST:
        return None
    with fixed_randomness(0):  # As the rows were read for their fingerprint.
        columns = rows.leaves(torch.arange(len(rows)))
    flat = [torch.as_tensor(columns[name]).double().reshape(len(rows), -1).numpy() for name in leaves]
    return np.concatenate(flat, axis=1)
