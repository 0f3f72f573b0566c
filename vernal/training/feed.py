"""Rows to batches: transforms, collation, device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.multiprocessing
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from vernal.base import ConfigError, DataError, VernalError, derive_seed
from vernal.data import Collate, Rows, Schema, fixed_randomness
from vernal.training.fabric import move_data_to_device

Transform = Callable[[Any], Any]
Batch = dict[str, Any]


@dataclass(frozen=True)
class Transforms:
    """What happens to a row on its way into a batch.

    Args:
        x: applied to the input of every row.
        y: applied to the target of every row.
        collate: makes a batch ``(x, y)`` of a list of rows.
    """

    x: Transform | None = None
    y: Transform | None = None
    collate: Collate | None = None

    def of_rows(self, rows: Sequence[tuple[Any, Any]], schema: Schema) -> tuple[Any, Any]:
        """A batch of rows."""
        changed = [self._changed(x, y, schema) for x, y in rows]
        if self.collate:
            return self.collate(changed)
        try:
            x, y = collated(changed)
        except (RuntimeError, TypeError, ValueError) as error:
            raise DataError(
                f"These rows do not make a batch ({error}). They are ({schema}). If their lengths vary, "
                "give the data module a `collate` function that pads them."
            ) from error
        return x, y

    def _changed(self, x: Any, y: Any, schema: Schema) -> tuple[Any, Any]:
        try:
            return self.x(x) if self.x else x, self.y(y) if self.y else y
        except VernalError:
            raise
        except Exception as error:  # Whatever the user's function raises.
            raise DataError(
                f"A transform of the config file fails on a row of ({schema}): {type(error).__name__}: {error}."
            ) from error


def collated(rows: Sequence[Any]) -> Any:
    """Rows as a batch of the same nesting; Python's decimal numbers become float32, as models want them.

    Examples:
        >>> collated([(1, {"a": 0.5}), (2, {"a": 1.5})])
        (tensor([1, 2]), {'a': tensor([0.5000, 1.5000])})
    """
    first = rows[0]
    if type(first) is float:
        return torch.tensor(rows, dtype=torch.float32)
    if isinstance(first, Mapping):
        return {key: collated([row[key] for row in rows]) for key in first}
    if isinstance(first, tuple | list):
        parts = [collated(part) for part in zip(*rows, strict=True)]
        return parts if isinstance(first, list) else tuple(parts)
    return default_collate(list(rows))


class Feed:
    """Makes batches of rows, by place.

    Columns that need no transform are gathered whole; everything else goes row by row, as a dataset would.

    Args:
        rows: where the rows are.
        transforms: what happens to them.
        device: where batches go.
        seed: of the randomness inside the transforms; a batch has its own, so any process can make it again.
    """

    def __init__(self, rows: Rows, transforms: Transforms, device: torch.device, seed: int) -> None:
        self.rows = rows
        self._transforms = transforms
        self.device = device
        self._seed = seed
        plain = transforms == Transforms() and not any(
            leaf.varies or leaf.kind in ("str", "float") for leaf in rows.schema.leaves.values()
        )
        self._whole = plain and rows.in_columns

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, places: Tensor, *name: str | int) -> Batch:
        """The rows at these places as a batch on the device; `name` names its randomness."""
        batch: Batch = to_device(self.host_batch(places, *name), self.device)
        return batch

    def host_batch(self, places: Tensor, *name: str | int) -> Batch:
        """The same, still in the memory of this process."""
        extras = self.rows.extras(places)
        if self._whole:
            x, y = self.rows.schema.unflatten(self.rows.leaves(places))
            return {"x": x, "y": y} | extras
        with fixed_randomness(derive_seed(self._seed, "batch", *name)):
            x, y = self._transforms.of_rows(self.rows.items(places), self.rows.schema)
        return {"x": x, "y": y} | extras

    def in_order(self, size: int) -> Iterator[Batch]:
        """All rows in order, in batches of `size`."""
        for number, places in enumerate(torch.split(torch.arange(len(self)), size)):
            yield self.batch(places, "in order", number)


class EpochFeed:
    """The batches of a training, epoch by epoch: a function of the seed, so any step can be gone back to.

    Args:
        feed: makes the batches.
        batch_size: rows in a batch, over all ranks.
        seed: of the order.
        rank: which of the processes this one is.
        ranks: how many processes share each batch.
        workers: processes that read ahead.
    """

    def __init__(self, feed: Feed, batch_size: int, seed: int, rank: int = 0, ranks: int = 1, workers: int = 0) -> None:
        self._feed, self._size, self._seed = feed, batch_size, seed
        self._rank, self._ranks = rank, ranks
        self._plan = _Plan()
        self._loader = _loader(feed, self._plan, workers, seed) if workers else None

    @property
    def batches(self) -> int:
        """Batches in an epoch. A single row left over goes into the batch before it: normalisation needs two."""
        whole, rest = divmod(len(self._feed), self._size)
        return whole + (rest > 1 or not whole)

    @property
    def rows(self) -> int:
        """Rows in an epoch."""
        return len(self._feed)

    def weight(self, batch: int) -> float:
        """How much the loss of this process counts in a batch, so that the mean over processes is that over rows."""
        last = batch == self.batches - 1
        rows = len(self._feed) - batch * self._size if last else self._size
        return len(range(self._rank, rows, self._ranks)) * self._ranks / rows

    def epoch(self, number: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of one epoch, without the first `skip`."""
        generator = torch.Generator().manual_seed(derive_seed(self._seed, "order", number))
        order = torch.randperm(len(self._feed), generator=generator)
        starts = self._size * torch.arange(1, self.batches)
        batches = torch.tensor_split(order, starts)
        self._plan.batches = [
            (share(batches[i], self._rank, self._ranks), number, i) for i in range(skip, len(batches))
        ]
        if self._loader is None:
            for places, *name in self._plan.batches:
                yield self._feed.batch(places, *name)
        else:
            for batch in self._loader:
                yield to_device(batch, self._feed.device)


def share(places: Tensor, rank: int, ranks: int) -> Tensor:
    """The part of a batch that belongs to one of several processes; never empty, so that all take the same steps."""
    if ranks == 1:
        return places
    mine = places[rank::ranks]
    return mine if len(mine) else places[rank % len(places)].reshape(1)


def to_device(batch: Any, device: torch.device) -> Any:
    """The batch with all its tensors on the device, also those inside mappings and objects that have a `to`."""
    return batch if device.type == "cpu" else move_data_to_device(batch, device)


class _Plan(Sampler[tuple[Tensor, int, int]]):
    """Hands the batches of the current epoch to the workers."""

    def __init__(self) -> None:
        self.batches: list[tuple[Tensor, int, int]] = []

    def __iter__(self) -> Iterator[tuple[Tensor, int, int]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class _Batches(Dataset[Batch]):
    """A dataset whose rows are whole batches, so that workers collate as well."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def __getitem__(self, key: tuple[Tensor, int, int]) -> Batch:
        places, *name = key
        return self._feed.host_batch(places, *name)


def _loader(feed: Feed, plan: _Plan, workers: int, seed: int) -> DataLoader[Batch]:
    if "fork" not in torch.multiprocessing.get_all_start_methods():
        raise ConfigError(
            f"`workers` is {workers}, but this operating system cannot fork, and what a config file defines cannot "
            "travel to a process of its own otherwise. Set `workers` to 0."
        )
    return DataLoader(
        _Batches(feed),
        batch_size=None,
        sampler=plan,
        num_workers=workers,
        persistent_workers=True,
        # Whatever the default of Python and platform: a fork has all functions of the config file, even lambdas.
        multiprocessing_context="fork",
        # Its own: else every epoch would take a number from the stream that dropout draws from.
        generator=torch.Generator().manual_seed(derive_seed(seed, "workers")),
    )
