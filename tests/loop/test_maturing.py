"""Labels that come late: joined when rows are old enough, with what was known then, and never looked at before."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.doubles import NOON
from tests.loop.world import CONFIG, World, kinds, rows_of
from vernal.base import DataError
from vernal.data import read_table
from vernal.ledger import Database, Outcomes
from vernal.loop import PROMOTED, Labels, LoopState, Policy
from vernal.loop.arriving import Door
from vernal.sources import Files, Replay
from vernal.triggers import Manual, Rows

HOUR = 3600.0
START = NOON.timestamp()


def replayed(columns: dict[str, list[Any]], time: str) -> Replay:
    return Replay({name: np.array(values) for name, values in columns.items()}, time_column=time)


def door_of(inbox: Path, rows: list[int], labels: list[tuple[int, int, int]], default: int | None) -> Door:
    """Rows at some minutes, and labels (row, minute, value), each as they came."""
    times = [START + 60.0 * minute for minute in rows]
    source = replayed({"id": [f"r{n}" for n in range(len(rows))], "time": times}, "time")
    known = {
        "id": [f"r{row}" for row, _, _ in labels],
        "known": [START + 60.0 * minute for _, minute, _ in labels],
        "y": [value for _, _, value in labels],
    }
    policy = Policy([source], Manual(), labels=Labels(replayed(known, "known"), "id", "y", "known", "1h", default))
    return Door(policy, Outcomes(Database("sqlite://"), "s"), inbox)


@settings(max_examples=30)
@given(
    rows=st.lists(st.integers(0, 300), min_size=1, max_size=8),
    labels=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 600), st.integers(0, 5)), min_size=1, max_size=12),
    looks=st.lists(st.integers(0, 700), min_size=1, max_size=6),
    default=st.sampled_from([None, 9]),
)
def test_no_label_counts_before_its_row_is_mature(
    rows: list[int], labels: list[tuple[int, int, int]], looks: list[int], default: int | None
) -> None:
    labels = [label for at, label in enumerate(labels) if label[:2] not in [one[:2] for one in labels[:at]]]
    with tempfile.TemporaryDirectory() as folder:
        door, state, seen, before = door_of(Path(folder), rows, labels, default), LoopState(), dict[str, int](), -1
        for look in sorted({*looks, 1000}):
            state, arrived = door.look(state, NOON + timedelta(minutes=look))
            for piece in arrived.pieces:
                table = read_table(piece.files[0]).to_pydict()
                assert max(time - START for time in table["time"]) / 60 + 60 <= look  # Old enough, all of them.
                seen |= dict(zip(table["id"], table["y"], strict=True))
            before = look
        assert before == 1000
    assert seen == expected(rows, labels, sorted({*looks, 1000}), default)


def expected(
    rows: list[int], labels: list[tuple[int, int, int]], looks: list[int], default: int | None
) -> dict[str, int]:
    """The last label that was known when the youngest row of those that came together was an hour old."""
    found = {}
    for since, until in zip([-1, *looks], looks, strict=False):
        # Replay sorts rows by time; ids stay with them.
        together = {number: minute for number, minute in enumerate(rows) if since < minute <= until}
        due = max(together.values(), default=0) + 60
        for number in together:
            known = sorted((minute, value) for row, minute, value in labels if row == number and minute <= due)
            value = known[-1][1] if known else default
            if value is not None:
                found[f"r{number}"] = value
    return found


def late(world: World, **parts: Any) -> Policy:
    labels = Labels(Files(str(world.folder / "labels"), settle="1s"), "id", "y", "known", "1d", **parts)
    return world.policy(Rows(50), labels=labels)


@pytest.fixture
def late_world(tmp_path: Path) -> World:
    world = World(tmp_path, config=CONFIG)
    (world.folder / "labels").mkdir()
    return world


def put_labels(world: World, name: str, number: int, rows: slice, hours: float, wrong: bool = False) -> None:
    found = rows_of(number)
    y = np.array(found["y"])[rows]
    known = np.full(len(y), START + hours * HOUR)
    world.put(name, {"id": found["id"][rows], "y": 1 - y if wrong else y, "known": known}, world.folder / "labels")


def unlabelled(world: World, number: int) -> None:
    world.put(f"{number:03}.parquet", {name: values for name, values in rows_of(number).items() if name != "y"})


def test_rows_are_learned_when_their_labels_are_mature(late_world: World) -> None:
    world = late_world
    loop = world.loop(late(world))
    unlabelled(world, 0)
    put_labels(world, "0.parquet", 0, slice(0, 60), hours=0)
    assert kinds(world.turn(loop)) == [("trigger", "keep")]
    assert (loop.state.raw[0].rows, loop.state.ready) == (100, ())
    put_labels(world, "1.parquet", 0, slice(60, 80), hours=2)
    assert world.turn(loop, hours=20).outcome == "kept"
    turn = world.turn(loop, hours=4)  # The rows came after an hour, and are a day old.
    assert (turn.outcome, turn.rows) == (PROMOTED, 80)
    assert world.open().record("champion")["rows_seen"] < 80  # Some are for validation.


def test_labels_that_come_before_their_rows_count(late_world: World) -> None:
    world = late_world
    loop = world.loop(late(world))
    put_labels(world, "0.parquet", 0, slice(0, 100), hours=0)
    world.turn(loop)
    unlabelled(world, 0)
    world.turn(loop)
    assert world.turn(loop, hours=24).rows == 100


def test_a_corrected_label_takes_the_place_of_the_wrong_one_if_it_comes_in_time(late_world: World) -> None:
    world = late_world
    loop = world.loop(late(world))
    unlabelled(world, 0)
    put_labels(world, "0.parquet", 0, slice(0, 100), hours=0, wrong=True)
    world.turn(loop)
    put_labels(world, "1.parquet", 0, slice(0, 50), hours=3)
    world.turn(loop, hours=5)
    put_labels(world, "2.parquet", 0, slice(50, 100), hours=26)  # Too late.
    turn = world.turn(loop, hours=24)
    table = read_table(turn.challengers[0].record["chunk"]["files"][0]).to_pydict()
    y = np.array(rows_of(0)["y"])
    assert table["y"] == [*y[:50], *(1 - y[50:])]


def test_what_no_label_came_for_has_the_default(late_world: World) -> None:
    world = late_world
    loop = world.loop(late(world, default=0))
    unlabelled(world, 0)
    put_labels(world, "0.parquet", 0, slice(0, 100), hours=30)
    world.turn(loop)
    turn = world.turn(loop, hours=24)
    assert set(read_table(turn.challengers[0].record["chunk"]["files"][0]).to_pydict()["y"]) == {0}


def test_rows_without_any_label_are_left_out_and_told(late_world: World) -> None:
    world = late_world
    loop = world.loop(late(world))
    unlabelled(world, 0)
    world.turn(loop)
    turn = world.turn(loop, hours=24)
    assert kinds(turn)[0] == ("noticed", "dropped")
    assert turn.decisions[0].why.startswith("None of 100 rows in")
    assert (loop.state.raw, loop.state.ready) == ((), ())


def test_rows_without_ids_are_set_aside_and_told(late_world: World) -> None:
    world = late_world
    loop = world.loop(late(world))
    world.put("000.parquet", {"a": np.zeros(100), "b": np.zeros(100)})
    world.turn(loop)
    turn = world.turn(loop, hours=24)
    assert (turn.outcome, loop.state.raw, len(loop.state.aside)) == ("failed", (), 1)
    assert "has no column 'id'" in turn.decisions[0].why
    loop.relearn()  # Without labels they cannot be learned, and so they are joined again.
    assert (len(loop.state.raw), loop.state.ready, loop.state.aside) == (1, (), ())


def test_rows_whose_labels_are_of_several_types_are_set_aside_and_told(late_world: World) -> None:
    world = late_world
    loop = world.loop(late(world))
    unlabelled(world, 0)
    for name, value, rows in (("0.parquet", 1, slice(0, 50)), ("1.parquet", "yes", slice(50, 100))):
        ids = rows_of(0)["id"][rows]
        world.put(name, {"id": ids, "y": [value] * 50, "known": [START] * 50}, world.folder / "labels")
    world.turn(loop)
    turn = world.turn(loop, hours=24)
    assert (turn.outcome, loop.state.raw, len(loop.state.aside)) == ("failed", (), 1)
    assert "Labels of 'y' are of several types: 1 (int), 'yes' (str). Write all of them alike." in turn.decisions[0].why


def test_labels_without_the_column_are_refused(late_world: World) -> None:
    world = late_world
    world.put("0.parquet", {"id": ["a"], "label": [1], "known": [0.0]}, world.folder / "labels")
    with pytest.raises(DataError, match="has no column 'y'"):
        world.turn(world.loop(late(world)))
