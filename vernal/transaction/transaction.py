"""One update, as a transaction.

::

    PIN the parent, read-only
    NAME the update by all that determines it: parent, data, plan, code, seed  -> a repeated call ends here
    STAGE: tune, train, evaluate, write model, memory and state, out of everybody's sight
    COMMIT by one small write, which also makes the new model the champion, if nobody else was first

Whatever happens before the last line, a crash, Ctrl-C, a full disk, leaves champion and state as they were; the same
call made again goes on from the last checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vernal.base import Clock, ConfigError, ConflictError, SystemClock
from vernal.config import Plan, Resolved, resolve
from vernal.store import Head, Store, machine_lock
from vernal.training import Logged, Reporter
from vernal.transaction.new_data import read_data
from vernal.transaction.parent import Parent
from vernal.transaction.ranks import learn_on_devices
from vernal.transaction.record import Meter, stage
from vernal.transaction.result import Result
from vernal.transaction.search import Searched, search
from vernal.transaction.situation import Situation


def update(
    plan: Plan,
    store: Store | str | Path,
    *,
    parent: str | None = None,
    promote: bool = True,
    scratch: bool = False,
    reporter: Reporter | None = None,
    clock: Clock | None = None,
) -> Result:
    """Update a model with a new chunk of data, without forgetting the earlier ones.

    Args:
        plan: what to do.
        store: where models and states are kept: a folder, or a URL. It is made if nothing is there.
        parent: the update to start from; None for the champion, or a first update in an empty store. It must be named
            if there are updates, and none was made the champion.
        promote: whether the new model becomes the champion.
        scratch: begin a new lineage in the same store: train a fresh model on this data alone, which then should be all
            that counts. Memory and state of earlier updates stay with these.
        reporter: who is told how far it is; by default the logger ``vernal``.
        clock: tells the time.

    Returns:
        The committed update. If the same data, plan and code made one before, that one, at once. After a rollback
        it stays rolled back.

    Raises:
        ConfigError: something is wrong with the plan or the config file; everything at once.
        DataError: the data cannot be used as it is.
        ConflictError: somebody else was first, or works on the very same update; the parent is not the champion, or
            there is none.
        StateError: what is stored cannot be read, or the new state cannot be written.
        TrainingError: the training failed; the champion is as it was.
    """
    with _pinned(plan, store, parent, promote, scratch, reporter, clock) as pinned:
        situation, store = pinned.situation, pinned.store
        if pinned.done is not None:
            return _repeated(store, pinned.done, promote, pinned.head.champion if scratch else pinned.done["parent"])
        folder = pinned.folder
        searched = pinned.search() if situation.resolved.search else None
        if searched is not None:
            situation, folder = searched.situation, searched.folder
            promote = promote and searched.is_feasible
        learned = learn_on_devices(situation, folder, pinned.reporter, pinned.clock)
        pinned.reporter.phase("commit")
        record = stage(situation, learned, promote, pinned.read_seconds, pinned.meter, searched)
        try:
            follows = promote and record["parent"] == pinned.head.champion
            record = store.commit(record, follows, record["parent"], pinned.head.number)
            if promote and not follows:  # A new lineage does not descend from the champion that it replaces.
                store.promote(record["id"], expected=pinned.head.champion)
        except ConflictError:
            store.discard_scratch(pinned.workplace)  # Going on from there would lead to the same end.
            raise
        with suppress(OSError):  # The update stands, whatever becomes of its unfinished files.
            store.discard_scratch(pinned.workplace)
    return Result(record, store.url, promoted=promote)


def tune(
    plan: Plan,
    store: Store | str | Path,
    *,
    parent: str | None = None,
    scratch: bool = False,
    reporter: Reporter | None = None,
    clock: Clock | None = None,
) -> Searched:
    """Choose values from the ranges of a plan, and commit nothing.

    The trials stay on this machine, in the store's folder for unfinished work: `update` with the same plan takes the
    best one's model, without training again.

    Args:
        plan: what to do; some values of it are ranges.
        store: where models and states are kept: a folder, or a URL. It is made if nothing is there.
        parent: the update to start from; None for the champion, or a first update in an empty store.
        scratch: begin a new lineage, as `update` does.
        reporter: who is told how far it is; by default the logger ``vernal``.
        clock: tells the time.

    Returns:
        All trials, and what was chosen.

    Raises:
        ConfigError: nothing is a range; there is no validation data; something is wrong with the plan.
        ConflictError: the update was made before, or somebody works on it; there is no champion to start from.
        VernalError: whatever else `update` raises.
    """
    with _pinned(plan, store, parent, False, scratch, reporter, clock) as pinned:
        if pinned.situation.resolved.search is None:
            raise ConfigError(
                "There is nothing to tune: every value of the plan is fixed. Write a range in the place of a value, "
                "such as `loguniform(0.001, 0.1)`, or ask for the default ranges: --tune (`tuning=Tuning()`)."
            )
        if pinned.done is not None:
            identity = pinned.done["id"]
            raise ConflictError(
                f"Update {identity} was made before, of the same data, plan and code, and its trials are in it: vernal "
                f"show {identity}. To tune anew, change the plan, its seed for instance."
            )
        return pinned.search()


@dataclass(frozen=True)
class _Pinned:
    """An update that has a name, and whose lock is held; or one that was made before."""

    situation: Situation
    done: dict[str, Any] | None
    head: Head
    reporter: Reporter
    clock: Clock
    meter: Meter
    read_seconds: float

    @property
    def store(self) -> Store:
        return self.situation.store

    @property
    def workplace(self) -> str:
        return self.situation.workplace

    @property
    def folder(self) -> Path:
        return self.store.scratch(self.workplace)

    def search(self) -> Searched:
        return search(self.situation, self.folder, self.reporter, self.clock)


@contextmanager
def _pinned(
    plan: Plan,
    store: Store | str | Path,
    parent: str | None,
    promote: bool,
    scratch: bool,
    reporter: Reporter | None,
    clock: Clock | None,
) -> Iterator[_Pinned]:
    """Read everything, pin the parent, name the update, and hold its lock, unless it was made before."""
    _check_types(plan, store)
    clock = clock or SystemClock()
    reporter = reporter or Logged(clock)
    reporter.phase("read config")
    began = clock.seconds()
    resolved = resolve(plan)
    store = store if isinstance(store, Store) else Store(store, clock=clock)
    meter = Meter(clock, began, store)
    head = store.head()
    if scratch and parent is not None:
        raise ConfigError(
            f"An update from scratch has no parent, and {parent!r} is named as one. Leave one of both out."
        )
    pinned = None if scratch else _parent(store, parent or head.champion)
    reporter.phase("read data")
    data = read_data(resolved, lambda prepare: _one_at_a_time(resolved, clock, prepare))
    situation = Situation(resolved, store, pinned, data)
    by_name_only = scratch or parent is not None
    if (done := _done(situation, by_name_only)) is not None:
        store.discard_scratch(situation.workplace)  # Left there if the process was killed after its commit.
        yield _Pinned(situation, done, head, reporter, clock, meter, meter.seconds)
        return
    if not scratch:
        _check_beginning(store, head, pinned, promote)
    read_seconds = meter.seconds
    with store.lock(situation.workplace):
        done = _done(situation, by_name_only)  # By somebody who has just let go of the lock.
        yield _Pinned(situation, done, head, reporter, clock, meter, read_seconds)


def _check_beginning(store: Store, head: Head, pinned: Parent | None, promote: bool) -> None:
    """Refuse what would come to nothing at its commit, or would silently begin anew."""
    if pinned is None and head.number and (updates := store.records()):
        newest = updates[-1]["id"]
        raise ConflictError(
            f"{store.url} has updates, the newest is {newest}, but no champion to start from. Name the one to start "
            f"from: --parent {newest} (`parent=`), or make it the champion first: vernal promote {newest} "
            "(`Store.promote`). For a new beginning: --scratch (`scratch=True`), or another store."
        )
    if promote and pinned is not None and pinned.id != head.champion:
        raise ConflictError(
            f"Update {pinned.id} is not the champion, which is {head.champion or 'nothing yet'}. Start from the "
            "champion, leave the new model beside it: --no-promote (`promote=False`), or make this one the champion "
            f"first: vernal promote {pinned.id} (`Store.promote`)."
        )


def _done(situation: Situation, by_name_only: bool) -> dict[str, Any] | None:
    """The update that answered this very call before.

    Where no parent is asked for, what counts is that the champion has learned this data by this plan, whenever
    that was.
    """
    store = situation.store
    return store.by_name(situation.name) or (None if by_name_only else store.by_request(situation.request))


def _repeated(store: Store, done: dict[str, Any], promote: bool, expected: str | None) -> Result:
    """Nothing is trained anew. What was left beside the champion can still take its place.

    What was the champion once and is no more was rolled back, or was followed by others: a call that is repeated, by a
    scheduler perhaps, must not undo that. `Store.promote` does.
    """
    is_feasible = done.get("tuning", {}).get("feasible", True)
    if promote and is_feasible and all(entry.champion != done["id"] for entry in store.entries()):
        store.promote(done["id"], expected=expected)
    return Result(done, store.url, promoted=store.champion == done["id"], repeated=True)


def _check_types(plan: object, store: object) -> None:
    if not isinstance(plan, Plan):
        raise ConfigError(f"The first argument of `update` must be a `vernal.Plan`, got {plan!r}.")
    if not isinstance(store, Store | str | Path):
        raise ConfigError(f"The second argument of `update` must be a store, or a folder or a URL, got {store!r}.")


def _parent(store: Store, key: str | None) -> Parent | None:
    return None if key is None else Parent(store.record(key), store)


def _one_at_a_time(resolved: Resolved, clock: Clock, prepare: Callable[[], None]) -> None:
    """Several jobs that start at once on one machine prepare their data one after the other."""
    with machine_lock(f"prepare-{resolved.config.digest[:12]}", clock):
        prepare()
