"""The computing part of an update on several devices: one process for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from torch.multiprocessing.spawn import ProcessRaisedException

from vernal.base import Clock, SystemClock, TrainingError
from vernal.config import Plan, resolve
from vernal.state import pack, unpack
from vernal.store import Store
from vernal.training import Fabric, Logged, Reporter, Silent, make_fabric
from vernal.transaction.learn import Learned, learn
from vernal.transaction.new_data import read_data
from vernal.transaction.parent import Parent
from vernal.transaction.situation import Situation


def learn_on_devices(situation: Situation, folder: Path, reporter: Reporter, clock: Clock) -> Learned:
    """Train on the devices that the plan asks for: on one in this process, on several in processes of their own.

    Every process loads config file, data and parent anew, so nothing but the plan has to travel. The first one
    evaluates, writes the rows that come into memory, and leaves the result in the folder. A script that starts several
    needs the usual guard, ``if __name__ == "__main__":``.
    """
    options = situation.resolved.plan.training
    callbacks, loggers = situation.call("callbacks_fn"), situation.call("loggers_fn")
    fabric = make_fabric(options, callbacks, loggers)
    if options.devices == 1:
        learned = learn(fabric, situation, folder, reporter, clock)
        assert learned is not None
        return learned
    parent = situation.parent.id if situation.parent else None
    reporter.phase(f"train on {options.devices} devices")
    work = partial(_work, plan=situation.resolved.plan, url=situation.store.url, parent=parent, folder=folder)
    try:
        with _environment_kept():
            fabric.launch(work)
    except ProcessRaisedException as error:
        raise TrainingError(
            f"One of {options.devices} processes failed; the champion is as it was.\n{error}"
        ) from error
    return Learned(**unpack(_result(folder).read_bytes()))


def _work(fabric: Fabric, plan: Plan, url: str, parent: str | None, folder: Path) -> None:
    resolved = resolve(plan)
    store = Store(url, create=False)
    pinned = None if parent is None else Parent(store.record(parent), store)
    # The data was prepared by the process that started this one.
    data = read_data(resolved, lambda prepare: None)  # noqa: ARG005
    clock = SystemClock()
    reporter = Silent() if fabric.global_rank else Logged(clock)
    learned = learn(fabric, Situation(resolved, store, pinned, data), folder, reporter, clock)
    if learned is not None:
        _result(folder).write_bytes(pack(vars(learned)))


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Starting processes sets variables for them, which would confuse whatever this process starts next."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _result(folder: Path) -> Path:
    return folder / "learned.safetensors"
