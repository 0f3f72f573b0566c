"""The computing part of an update on several devices: one process for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch.distributed
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException

from vernal.base import Clock, SystemClock, TrainingError
from vernal.state import pack, unpack
from vernal.training import Fabric, Logged, Reporter, Silent, listened_to, make_fabric
from vernal.transaction.learn import Learned, learn
from vernal.transaction.situation import Situation
from vernal.transaction.work import Work


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
            fabric.launch(_Rank(Work.of(situation), folder))
    except (ProcessRaisedException, ProcessExitedException) as error:
        said = str(error).strip().splitlines()[-1]
        raise TrainingError(
            f"One of {options.devices} processes failed; the champion is as it was. {said}\n\n{error}"
        ) from error
    return Learned(**unpack(_result(folder).read_bytes()))


@dataclass(frozen=True)
class _Rank:
    """What each process does.

    Args:
        work: what leads to the situation.
        folder: where unfinished files and the result lie.
    """

    work: Work
    folder: Path

    def __call__(self, fabric: Fabric) -> None:
        situation = self.work.situation()
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
