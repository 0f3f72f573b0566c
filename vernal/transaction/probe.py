"""Whether a version would work elsewhere: it is loaded in a process of its own, timed, exported and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from vernal.base import VernalError
from vernal.config import Plan, resolve
from vernal.launch import Channel, Died, Workers
from vernal.store import Store
from vernal.training import Feed
from vernal.transaction.new_data import read_data
from vernal.transaction.situation import Situation
from vernal.transaction.trial import latency_ms
from vernal.transaction.version import Version
from vernal.transaction.work import Work

LOADS, LATENCY, SIZE, PARITY = "loads", "latency_ms", "size_bytes", "parity"
_ROWS = 8  # of the batch on which the exported model is compared


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
            version = Version(situation.resolved.asked, situation.store, self.version, situation.data)
            found: dict[str, Any] = {LOADS: True, LATENCY: latency_ms(situation, version.model)}
            channel.send(found | ({PARITY: _parity(version, situation)} if self.export else {}))
        except VernalError as error:
            channel.send({LOADS: False, "why": str(error)})


def probe(plan: Plan, store: Store | str | Path, key: str, export: bool = False) -> dict[str, Any]:
    """Measure a version in a process that has nothing but the store and the config file.

    Args:
        plan: by which the version was made.
        store: where it lies.
        key: the version.
        export: whether to export it by `torch.export` as well.

    Returns:
        ``loads``: whether it could be loaded and makes predictions, and ``why`` if not; ``latency_ms``: median time for
        one row; ``size_bytes`` of the weights; ``parity``: the largest absolute difference between what the model says
        and what its export does, on eight rows, if that was asked for and can be told.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    data = read_data(resolve(plan), lambda prepare: prepare())
    version = Version(plan, store, key, data)
    work = Work.of(Situation(resolve(plan), store, version.parent, data))
    size = {SIZE: int(version.parent.record["artefacts"]["model"]["bytes"])}
    with Workers(1, _Probe(work, version.id, export), ("torch", "vernal.transaction.probe")) as workers:
        said = workers.wait(None)[0][1]
    return size | _told(said)


def _told(said: Mapping[str, Any] | Died) -> dict[str, Any]:
    if isinstance(said, Died):
        return {LOADS: False, "why": f"the process {said.reason}: {said.last_words}"}
    return {name: value for name, value in said.items() if value is not None}


def _parity(version: Version, situation: Situation) -> float | None:
    """How far the exported model is from the model; None where it cannot be exported."""
    rows = situation.data.train.rows
    feed = Feed(rows, situation.transforms("test"), torch.device("cpu"), situation.seed)
    x = feed.batch(torch.arange(min(_ROWS, len(rows))), "parity")["x"]
    model = version.model.cpu().eval()
    try:
        exported = torch.export.export(model, (x,)).module()
    except (RuntimeError, TypeError, ValueError, AttributeError):  # What torch cannot trace, it says in many ways.
        return None
    with torch.no_grad():
        scores = situation.task.scores
        return float((scores(model(x)) - scores(exported(x))).abs().max())
