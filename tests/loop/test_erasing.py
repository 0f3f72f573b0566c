"""A loop goes on after an erasure, and never learns again what was erased."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.ledger.doubles import NOON
from tests.loop.world import ROWS, World, rows_of
from vernal.loop import KEPT, PROMOTED
from vernal.sources import Replay
from vernal.transaction import erase, holds, waiting
from vernal.triggers import Manual

ERASED = ["1/7", "1/8", "2/7"]  # Two that were learned, and one that waits.


def streamed() -> Replay:
    """Rows of two hours, as a stream would bring them: they lie in the inbox only."""
    hours = [rows_of(number) for number in (1, 2)]
    history = {name: np.concatenate([hour[name] for hour in hours]) for name in hours[0]}
    began = NOON.timestamp() + np.array([0.0, 3600.0]).repeat(ROWS)
    return Replay(history | {"time": began + np.tile(np.arange(float(ROWS)), 2)})


@pytest.mark.parametrize(("learn", "rows"), [("stateful", ROWS - 1), ("scratch", 2 * ROWS - 3)])
def test_a_loop_goes_on_without_the_rows(learn: str, rows: int, tmp_path: Path) -> None:
    world = World(tmp_path)
    loop = world.loop(world.policy(Manual(), sources=[streamed()], learn=learn))
    world.clock.move(1800.0)
    assert loop.turn(by_hand="the first hour").outcome == PROMOTED
    assert world.turn(loop).outcome == KEPT
    done = erase(world.store, ERASED, "request 17", id_column="id")
    assert (done.rows, done.updates, done.unsearched) == (3, (world.store.champion,), ())
    assert waiting(world.store, ERASED, "id").rows == 0
    assert loop.turn(by_hand="the second hour").outcome == PROMOTED
    store = world.open()
    assert sum(pq.read_table(file).num_rows for file in store.record("champion")["chunk"]["files"]) == rows
    assert holds(store, ERASED) == []
    assert store.verify() == []


def test_a_piece_of_which_nothing_is_left_does_not_stop_a_loop(tmp_path: Path) -> None:
    world = World(tmp_path)
    loop = world.loop(world.policy(Manual(), sources=[streamed()], attempts=1))
    world.clock.move(1800.0)
    loop.turn()
    erase(world.store, [f"1/{row}" for row in range(ROWS)], id_column="id")
    loop.turn(by_hand="nothing is left")
    assert world.turn(loop, by_hand="the second hour").outcome == PROMOTED
