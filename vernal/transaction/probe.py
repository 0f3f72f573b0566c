"""Whether a version would work elsewhere: it is loaded in a process of its own, timed, exported and compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from vernal.base import ConfigError, VernalError
from vernal.config import Plan, resolve
from vernal.launch import Channel, Died, Workers
from vernal.store import Store
from vernal.training import Feed
from vernal.transaction.new_data import read_data
from vernal.transaction.parent import Parent
from vernal.transaction.situation import Situation
from vernal.transaction.trial import latency_ms
from vernal.transaction.version import Version
from vernal.transaction.work import Work

LOADS, LATENCY, SIZE, PARITY, WHY = "loads", "latency_ms", "size_bytes", "parity", "why"
_BATCHES = (8, 3)  # sizes of those on which the exported model is compared; it is traced with the first


@dataclass(frozen=True)
class _Probe:
    """What the other process does.

    Args:
        work: leads to the data and the config file.
        version: what is probed.
        export: whether to export the model and compare it.
    """

    work: Work
    version: str
    export: bool

    def __call__(self, channel: Channel, index: int) -> None:
        del index
        try:
            situation = self.work.situation()
            version = Version(
                situation.resolved, Parent(situation.store.record(self.version), situation.store), situation.data
            )
            with situation.resolved.config.naming(f"The model {version.id}", f"on one row ({situation.schema})"):
                found: dict[str, Any] = {LOADS: True, LATENCY: latency_ms(version.situation, version.model)}
            channel.send(found | (_parity(version) if self.export else {}))
        except VernalError as error:
            channel.send({LOADS: False, WHY: str(error)})


def probe(plan: Plan, store: Store | str | Path, key: str, export: bool = False) -> dict[str, Any]:
    """Measure a version in a process that has nothing but the store and the config file.

    Args:
        plan: by which the version was made.
        store: where it lies.
        key: the version.
        export: whether to export it by `torch.export` as well.

    Returns:
        ``loads``: whether it could be loaded and makes predictions; ``latency_ms``: median time for one row;
        ``size_bytes`` of the weights; ``parity``: the largest absolute difference between what the model says and what
        its export does, to batches of two sizes, if that was asked for and can be told; ``why``: what went wrong.

    Raises:
        StateNotFound: the version is unknown.
        ConfigError: something is wrong with the config file.
        DataError: the data cannot be read.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    parent, resolved = Parent(store.record(key), store), resolve(plan)
    data = read_data(resolved, lambda prepare: prepare())
    size = {SIZE: int(parent.record["artefacts"]["model"]["bytes"])}
    try:
        work = Work.of(Situation(resolved, store, parent, data))
    except ConfigError as error:  # Its method is nowhere to be found by another process.
        return size | {LOADS: False, WHY: str(error)}
    with Workers(1, _Probe(work, parent.id, export), ("torch", "vernal.transaction.probe")) as workers:
        said = workers.wait(None)[0][1]
    return size | (_ended(said) if isinstance(said, Died) else dict(said))


def _ended(died: Died) -> dict[str, Any]:
    return {LOADS: False, WHY: f"the process {died.reason}: {died.last_words}"}


def _parity(version: Version) -> dict[str, Any]:
    """How far the exported model is from the model, or why it cannot be exported."""
    situation = version.situation
    rows = situation.data.train.rows
    feed = Feed(rows, situation.transforms("test"), torch.device("cpu"), situation.seed)
    batches = [feed.batch(torch.arange(min(n, len(rows))), "parity")["x"] for n in _BATCHES]
    model = version.model.cpu().eval()
    try:
        exported = torch.export.export(model, (batches[0],), dynamic_shapes=(_any_size(batches[0]),)).module()
        with torch.no_grad():
            apart = max(_apart(situation.task.scores(model(x)), situation.task.scores(exported(x))) for x in batches)
    except Exception as error:  # What torch cannot trace, and what the user's code makes of it, is said in many ways.
        return {WHY: f"it cannot be exported: {type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"}
    return {PARITY: apart} if math.isfinite(apart) else {WHY: "its export says infinity, or what is no number"}


def _any_size(x: Any) -> Any:
    """That the first dimension of every tensor of a batch may have any size, where torch can arrange it."""
    return tree_map(lambda part: {0: torch.export.Dim.AUTO} if isinstance(part, Tensor) else None, x)


def _apart(one: Tensor, other: Tensor) -> float:
    return float(torch.where(one == other, 0.0, (one - other).abs()).max())  # Minus infinity is not far from itself.
