"""Two real processes on one ledger, without any lease between them."""

from __future__ import annotations

import threading
from collections import Counter
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from tests.loop.killing import opened
from tests.loop.world import World, files_learned
from tests.transaction.processes import PROCESSES
from vernal.base import ConflictError

N_FILES = 4


def racing(folder: Path, ledger: str, start: Barrier, sender: Connection) -> None:
    """Turns, one after another, until all files were learned; whoever is first lets the next file appear."""
    import torch

    torch.set_num_threads(1)
    world = World(folder, ledger=ledger)
    loop, conflicts = world.loop(), 0
    start.wait(60)
    while len(loop.state.learned) < N_FILES:
        world.arrive(len(loop.state.learned))
        try:
            loop.turn()
        except ConflictError:
            conflicts += 1
    sender.send(conflicts)


@pytest.mark.journey
def test_two_schedulers_on_one_ledger_make_one_update_per_fire(tmp_path: Path, database_url: str) -> None:
    World(tmp_path, ledger=database_url)
    start = PROCESSES.Barrier(2)
    receiver, sender = PROCESSES.Pipe(duplex=False)
    both = [PROCESSES.Process(target=racing, args=(tmp_path, database_url, start, sender)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    assert receiver.recv() + receiver.recv() > 0
    world = World(tmp_path, ledger=database_url)
    assert files_learned(world) == [f"{number:03}.parquet" for number in range(N_FILES)]
    told = Counter((one.kind, one.outcome) for one in world.decisions)
    assert told[("trigger", "update")] == told[("update", "made")] == told[("gate", "promote")] == N_FILES
    assert len(world.store.records()) == N_FILES
    assert world.open().verify() == []


def test_of_two_promoters_one_wins(anywhere: World) -> None:
    world = anywhere
    for number in range(3):
        world.arrive(number)
        world.turn()
    store = world.open()
    first, second, third = (one["id"] for one in store.records())
    store.rollback(first, expected=third)
    outcomes = list[str]()

    def promoting(version: str) -> None:
        try:
            world.open().promote(version, expected=first)
            outcomes.append("won")
        except ConflictError:
            outcomes.append("lost")

    threads = [threading.Thread(target=promoting, args=(version,)) for version in (second, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost", "won"]
    assert opened(world.folder, world.ledger)[0].open().champion in (second, third)
