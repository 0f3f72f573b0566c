"""What fails, and that nothing is lost by it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psycopg
import pytest

from tests.loop.test_loop import live
from tests.loop.world import CONFIG, World, files_learned, kinds, lived, names, rows_of, weights
from tests.transaction.test_failing import largest_file
from vernal.base import StateError
from vernal.data import tables
from vernal.ledger import ConnectionLost, Loops
from vernal.loop import FAILED, KEPT, PROMOTED, Learner
from vernal.loop.state import files_of
from vernal.sources import Unreachable
from vernal.training import Silent
from vernal.transaction import Result
from vernal.triggers import Manual, Rows

PICKY = (
    CONFIG
    + """
careless = data_module_fn


def data_module_fn(window: Window) -> DataModule:
    if max(window.table().column("a").to_pylist()) > 100:
        raise ValueError("a row that nobody can read")
    return careless(window)
"""
)
INTERRUPTED = (
    CONFIG
    + """
from pathlib import Path


class Interrupt:
    def on_train_batch_end(self, loss, step) -> None:
        marker = Path(__file__).with_name("interrupted")
        if step == 6 and not marker.exists():
            marker.touch()
            raise KeyboardInterrupt


def callbacks_fn() -> list[Interrupt]:
    return [Interrupt()]
"""
)


def unreadable(number: int) -> dict[str, object]:
    rows = rows_of(number)
    return {**rows, "a": rows["a"] + 1000}


def test_rows_that_cannot_be_read_are_tried_and_then_set_aside(tmp_path: Path) -> None:
    world = World(tmp_path, config=PICKY)
    loop = world.loop(world.policy(attempts=2))
    live(world, loop, 0)
    world.put("001.parquet", unreadable(1))
    turn = world.turn(loop)
    assert kinds(turn) == [("trigger", "update"), ("noticed", FAILED), ("update", FAILED)]
    assert turn.outcome == FAILED
    assert turn.decisions[1].why.startswith("100 new rows cannot be looked at.")
    assert "Attempt 1 of 2 failed, it will be tried again." in turn.decisions[2].why
    again = world.turn(loop)
    assert kinds(again) == [("update", FAILED)]
    assert "its rows are set aside" in again.decisions[0].why
    assert "a row that nobody can read" in again.decisions[0].why
    assert names(files_of(loop.state.aside)) == ["001.parquet"]
    assert live(world, loop, 0) == [PROMOTED]
    assert files_learned(world) == ["000.parquet", "002.parquet"]


def test_a_training_that_diverges_is_tried_and_its_rows_are_set_aside(world: World) -> None:
    loop = world.loop(world.policy(attempts=1))
    live(world, loop, 0)
    rows = rows_of(1)
    world.put("001.parquet", {**rows, "a": np.full_like(rows["a"], np.nan)})
    turn = world.turn(loop)
    assert (turn.outcome, turn.decisions[-1].evidence["error"]) == (FAILED, "TrainingError")
    assert names(files_of(loop.state.aside)) == ["001.parquet"]
    assert live(world, loop, 0) == [PROMOTED]


def test_a_yardstick_that_cannot_be_trained_does_not_keep_the_update_back(tmp_path: Path) -> None:
    grown = PICKY.replace(".to_pylist()) > 100", ".to_pylist()) > 100 or len(window.files) > 1")
    world = World(tmp_path, config=grown)
    loop = world.loop(world.policy(attempts=1, calibrate=Rows(200)))
    live(world, loop, 0)
    world.arrive(1)
    assert world.turn(loop).outcome == FAILED
    assert loop.state.doing is not None
    assert loop.state.doing.ways == ("stateful",)
    assert world.turn(loop).outcome == PROMOTED
    assert loop.state.aside == ()


class Silence:
    """A server that does not answer."""

    def open(self, *_: object, **__: object) -> None:
        raise TimeoutError("no answer")


@pytest.mark.parametrize("learned", [0, 1], ids=["in an update", "in a look"])
def test_rows_that_cannot_be_fetched_for_a_while_are_not_set_aside(
    learned: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = world.loop()
    live(world, loop, *[0] * learned)
    world.arrive(learned)
    with monkeypatch.context() as patched:
        patched.setattr(tables, "fsspec", Silence())
        for _ in range(5):
            with pytest.raises(Unreachable, match="cannot be read: no answer"):
                world.turn(loop)
    assert loop.state.aside == ()
    world.turn(loop)
    assert files_learned(world) == ["000.parquet", "001.parquet"][: learned + 1]


def test_a_source_that_is_away_loses_nothing(world: World) -> None:
    loop = world.loop()
    live(world, loop, 0)
    before = loop.state
    away = world.incoming.rename(world.folder / "away")
    with pytest.raises(Unreachable, match="cannot be read"):
        world.turn(loop)
    assert loop.state == before
    away.rename(world.incoming)
    assert live(world, loop, 0) == [PROMOTED]
    assert files_learned(world) == ["000.parquet", "001.parquet"]


def test_ctrl_c_keeps_the_decision_and_the_next_turn_goes_on(tmp_path: Path) -> None:
    stopped, calm = (World(tmp_path / name, config=INTERRUPTED) for name in ("stopped", "calm"))
    (calm.folder / "interrupted").touch()
    for world in (stopped, calm):
        world.arrive(0)
    with pytest.raises(KeyboardInterrupt):
        stopped.turn(hours=0)
    assert stopped.loop().state.doing is not None
    for world in (stopped, calm):
        assert world.turn(hours=0).outcome == PROMOTED
    assert weights(stopped.open()) == weights(calm.open())
    assert [one.outcome for one in stopped.decisions] == [one.outcome for one in calm.decisions]


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path, postgresql_url: str) -> None:
    full, calm = (World(tmp_path / name, ledger=postgresql_url) for name in ("full", "calm"))
    for world in (full, calm):
        live(world, world.loop(), 0)
        world.arrive(1)
    with largest_file(400), pytest.raises(StateError, match="could not be written"):
        full.turn(hours=0)
    for world in (full, calm):
        assert world.turn(hours=0).outcome == PROMOTED
    assert weights(full.open()) == weights(calm.open())


class Away(Loops):
    """A database that goes away at one step, before or after it was made."""

    at = 0
    made = False

    def step(self, *arguments: object) -> int:
        self.at -= 1
        if self.at == 0 and not self.made:
            raise ConnectionLost("gone")
        after = super().step(*arguments)
        if self.at == 0:
            raise ConnectionLost("gone")
        return after


@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize("at", [1, 2])
def test_a_database_that_goes_away_at_a_step_loses_nothing(tmp_path: Path, at: int, made: bool) -> None:
    shaken, calm = (World(tmp_path / name) for name in ("shaken", "calm"))
    shaken.arrive(0), calm.arrive(0)
    loops = Away(shaken.store.database(), shaken.store.id)
    loops.at, loops.made = at, made
    with pytest.raises(ConnectionLost):
        shaken.turn(shaken.loop(loops=loops), hours=0)
    for world in (shaken, calm, shaken, calm):
        world.turn(hours=0)
    found, expected = (str(lived(world)).replace(str(world.folder), ".") for world in (shaken, calm))
    assert found == expected


def test_triggers_that_were_changed_while_an_update_was_under_way_begin_anew(world: World) -> None:
    loop = world.loop(world.policy(Rows(50)))
    world.arrive(0)
    generation, before = loop._read()
    state, decisions, _ = loop._look(before, "")
    loop._loops.step(loop.name, generation, state.to_json(), decisions)
    other = world.loop(world.policy(Manual()))
    assert world.turn(other).outcome == PROMOTED
    assert world.turn(other).outcome == KEPT
    assert other.state.triggers == {"trigger": {}}


def test_a_server_that_drops_its_connections_in_the_middle_is_called_again(tmp_path: Path, postgresql_url: str) -> None:
    world = World(tmp_path, ledger=postgresql_url)
    learner = Dropping(world.plan, world.open(), reporter=Silent(), clock=world.clock)
    learner.url = postgresql_url
    loop = world.loop(learner=learner)
    world.arrive(0)
    assert world.turn(loop).outcome == PROMOTED
    assert files_learned(world) == ["000.parquet"]


class Dropping(Learner):
    """A learner in whose first update the server is told to end the connection of the store."""

    url: str
    dropped = False

    def update(self, files: Sequence[str], parent: str | None, scratch: bool) -> Result:
        if not self.dropped:
            self.dropped = True
            with self.store.database().reading() as connection:
                process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with psycopg.connect(self.url) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [process])
        return super().update(files, parent, scratch)
