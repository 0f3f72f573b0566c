"""The computing part of an update on several devices: one process for each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch.distributed
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException

from vernal.base import Clock, DataError, SystemClock, TrainingError
from vernal.config import Plan, Resolved, load_config, resolve
from vernal.methods import Method
from vernal.state import pack, unpack
from vernal.store import Store
from vernal.training import Fabric, Logged, Reporter, Silent, listened_to, make_fabric
from vernal.transaction.learn import Learned, learn
from vernal.transaction.new_data import read_data
from vernal.transaction.parent import Parent
from vernal.transaction.recipe import Recipe
from vernal.transaction.situation import Situation


def learn_on_devices(situation: Situation, folder: Path, reporter: Reporter, clock: Clock) -> Learned:
    """Train on the devices that the plan asks for: on one in this process, on several in processes of their own.

    Every process loads config file, data and parent anew, so nothing but the plan has to travel. The first one
    evaluates, writes the rows that come into memory, and leaves the result in the folder. A script that starts several
    needs the usual guard, ``if __name__ == "__main__":``.
    """
    options = situation.resolved.plan.training
    fabric = make_fabric(options)
    if options.devices == 1:
        callbacks, loggers = situation.call("callbacks_fn"), situation.call("loggers_fn")
        learned = learn(listened_to(fabric, callbacks, loggers), situation, folder, reporter, clock)
        assert learned is not None
        return learned
    reporter.phase(f"train on {options.devices} devices")
    try:
        with _environment_kept():
            fabric.launch(_Work.of(situation, folder))
    except (ProcessRaisedException, ProcessExitedException) as error:
        said = str(error).strip().splitlines()[-1]
        raise TrainingError(
            f"One of {options.devices} processes failed; the champion is as it was. {said}\n\n{error}"
        ) from error
    return Learned(**unpack(_result(folder).read_bytes()))


@dataclass(frozen=True)
class _Work:
    """What a process is told, and does. Nothing in here is defined in the config file: it could not travel.

    Args:
        plan: the plan, with the path of its config file, and without a method that is no name, and without terms.
        method: that method.
        terms: those terms, where the plan and not the config file gives them.
        url: of the store.
        parent: the id of the parent.
        folder: where unfinished files and the result lie.
        fingerprints: of the data that the update is named after.
    """

    plan: Plan
    method: Recipe | None
    terms: tuple[Recipe, ...] | None
    url: str
    parent: str | None
    folder: Path
    fingerprints: Mapping[str, str | None]

    @classmethod
    def of(cls, situation: Situation, folder: Path) -> _Work:
        plan = replace(situation.resolved.plan, config=situation.resolved.config.path)
        recipe, terms = None, None
        if plan.terms is not None:
            terms, plan = tuple(map(Recipe.of, situation.resolved.terms)), replace(plan, terms=None)
        if isinstance(plan.method, Method):
            recipe = Recipe.of(plan.method)
            plan = replace(plan, method=None)
        parent = situation.parent.id if situation.parent else None
        return cls(plan, recipe, terms, situation.store.url, parent, folder, situation.data.fingerprints)

    def __call__(self, fabric: Fabric) -> None:
        situation = self._situation()
        loggers = situation.call("loggers_fn") if fabric.global_rank == 0 else None
        listened_to(fabric, situation.call("callbacks_fn"), loggers)
        clock = SystemClock()
        reporter = Silent() if fabric.global_rank else Logged(clock)
        learned = learn(fabric, situation, self.folder, reporter, clock)
        if learned is not None:
            _result(self.folder).write_bytes(pack(vars(learned)))
        # Together, and before the interpreter ends: threads that still talk to a process that is gone would abort.
        fabric.barrier()
        torch.distributed.destroy_process_group()

    def _situation(self) -> Situation:
        resolved, store = self._resolved(), Store(self.url, create=False)
        parent = None if self.parent is None else Parent(store.record(self.parent), store)
        # The data was prepared by the process that started this one.
        data = read_data(resolved, lambda prepare: None)  # noqa: ARG005
        check_same(data.fingerprints, self.fingerprints)
        return Situation(resolved, store, parent, data)

    def _resolved(self) -> Resolved:
        config = load_config(self.plan.config)  # type: ignore[arg-type]
        method = self.method.make() if self.method else self.plan.method
        terms = None if self.terms is None else [recipe.make() for recipe in self.terms]
        return resolve(replace(self.plan, config=config, method=method, terms=terms))


def check_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Demand that all processes have the same data.

    Raises:
        DataError: they have not.
    """
    different = [name for name, fingerprint in expected.items() if found[name] != fingerprint]
    if different:
        raise DataError(
            f"The data module gives other data in every process ({', '.join(different)}), perhaps because it splits "
            "at random. On several devices all must have the same: seed whatever is random in it, for instance "
            "`random_split(..., generator=torch.Generator().manual_seed(0))`."
        )


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Starting processes sets variables for them, which would confuse whatever this process starts next."""
    before = dict(os.environ)
    # What torch has to say about gradients that no parameter lacks is for nobody's eyes.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _result(folder: Path) -> Path:
    return folder / "learned.safetensors"
