"""Kill -9 at random moments of a loop, and what must be true afterwards. Also run by `bench/loop.py`."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.loop.world import ROWS, World, lived
from tests.transaction.processes import PROCESSES
from vernal.gate import Gate
from vernal.loop import Loop
from vernal.sources import Files

PROCESSES.set_forkserver_preload(
    ["vernal.methods", "vernal.transaction", "tests.transaction.processes", "tests.loop.killing"]
)
GATE = Gate(margin=0.1, anchor_margin=0.1, first="promote")
POISONED = 4  # every so many files one is


@dataclass(frozen=True)
class Killed:
    """One kill, and what was found afterwards.

    Args:
        after: seconds from the first moment of the loop.
        during: ``"an update"``, or ``"a look"``.
        problems: what must not be.
    """

    after: float
    during: str
    problems: list[str]


def opened(folder: Path, ledger: str | None) -> tuple[World, Loop]:
    """The world as any process finds it."""
    world = World(folder, ledger=ledger, method="fine_tune")
    return world, world.loop(world.policy(gate=GATE))


def living(folder: Path, ledger: str | None, n_files: int | None, sender: Connection) -> None:
    """What a process does: when a file was dealt with, the next one appears, until there are so many."""
    import torch

    torch.set_num_threads(1)
    world, loop = opened(folder, ledger)
    sender.send("ready")
    while True:
        state = loop.state
        arrived = len([*world.incoming.iterdir()])
        if state.doing is None and len(_places(loop)) == arrived:
            if n_files is not None and arrived >= n_files:
                return
            world.arrive(arrived, flipped=float(arrived % POISONED == POISONED - 1))
        loop.turn()


class Life:
    """One life of a loop, in processes that may be killed."""

    def __init__(self, folder: Path, ledger: str | None) -> None:
        self.folder, self.ledger = folder, ledger

    def finish(self, n_files: int) -> dict[str, Any]:
        """Let a process finish, and say what came of it all."""
        process, receiver = self._started(n_files)
        with suppress(EOFError):
            receiver.recv()
        process.join(600)
        assert process.exitcode == 0
        return lived(opened(self.folder, self.ledger)[0])

    def kill(self, after: float) -> Killed:
        """Kill a process some seconds after it was ready."""
        process, receiver = self._started(None)
        receiver.recv()
        time.sleep(after)
        process.kill()
        process.join(60)
        world, loop = opened(self.folder, self.ledger)
        with world.store.database().writing():
            pass  # A server may go on with what a client asked for before it was killed; wait for the end of that.
        during = "a look" if loop.state.doing is None else "an update"
        return Killed(after, during, problems(world, loop))

    @property
    def n_files(self) -> int:
        """How many files have appeared."""
        return len([*opened(self.folder, self.ledger)[0].incoming.iterdir()])

    def _started(self, n_files: int | None) -> tuple[Any, Connection]:
        receiver, sender = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=living, args=(self.folder, self.ledger, n_files, sender))
        process.start()
        sender.close()
        return process, receiver


def problems(world: World, loop: Loop) -> list[str]:
    """What is not whole, or was lost, or counts twice."""
    found = [str(problem) for problem in world.open().verify()]
    places, state = _places(loop), loop.state
    found += [f"{file} is in {n} places" for file, n in Counter(places).items() if n != 1]
    read = Files(str(world.incoming), settle="1s").poll(state.cursors.get("files"), world.clock.now(), world.folder)
    unread = 0 if read is None else len(read.files)
    if len(places) + unread != len([*world.incoming.iterdir()]):
        found.append(f"{len(places)} files were taken in and {unread} were not, of {[*world.incoming.iterdir()]}")
    store = world.open()
    learned = [file for one in store.lineage("champion") for file in one["chunk"]["files"]] if store.champion else []
    found += [f"{file} was learned {n} times" for file, n in Counter(learned).items() if n != 1]
    if store.champion and store.record("champion")["rows_seen"] > ROWS * len(learned):
        found.append("rows were counted twice")
    return found


def kills(folder: Path, ledger: str | None, count: int, seed: int) -> Iterator[Killed]:
    """Kill so many processes, one after the other, that all live the same life.

    Args:
        folder: of its own.
        ledger: where the history lies.
        count: how many.
        seed: of the moments, which lie within the time that a process and its first file take.
    """
    life, moments = Life(folder, ledger), random.Random(seed)
    began = time.perf_counter()
    Life(folder.with_name("measured"), ledger).finish(1)
    longest = time.perf_counter() - began
    for _ in range(count):
        yield life.kill(moments.uniform(0, longest))


def _places(loop: Loop) -> list[str]:
    """The files that were taken in."""
    state = loop.state
    return [file for piece in (*state.ready, *state.aside, *state.learned) for file in piece.files]
