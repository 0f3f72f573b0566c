"""What holds of every source, with the real thing that it reads."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.worlds import WORLDS, World
from vernal.base import Catalogue
from vernal.sources import Arrival, Source, Unreachable

FACES = [*WORLDS, "table on postgresql"]
LATE = 10**9


def make_world(face: str, folder: Path, request: pytest.FixtureRequest) -> World:
    servers = {"kafka": "kafka", "nats": "nats_url", "table on postgresql": "postgresql_url"}
    server = request.getfixturevalue(servers[face]) if face in servers else None
    return WORLDS[face.partition(" ")[0]](folder, server)


@pytest.fixture(params=FACES)
def world(request, tmp_path):
    return make_world(request.param, tmp_path, request)


def ids_of(arrival: Arrival) -> list[int]:
    return [i for file in arrival.files for i in pq.read_table(file).column("id").to_pylist()]


def everything(world: World, inbox: Path, cursor=None, seconds: float = LATE) -> list[int]:
    """The ids of all that comes until a time, from a cursor on."""
    found = []
    while arrival := world.source.poll(cursor, world.by(seconds), inbox):
        cursor = arrival.cursor
        found += ids_of(arrival)
    return found


def test_every_source_is_held_to_the_contract():
    names = Catalogue("vernal.sources", Source, "source", lambda kind: kind.name).names()
    assert names == sorted(WORLDS)
    assert "kafka" in names


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("face", FACES)
@given(steps=st.lists(st.sampled_from(["bring", "bring", "poll", "crash"]), max_size=10), sizes=st.randoms())
def test_every_row_comes_once_and_in_order_however_polls_fall_and_processes_die(face, request, tmp_path, steps, sizes):
    world = make_world(face, Path(tempfile.mkdtemp(dir=tmp_path)), request)
    inbox, cursor, committed, n = world.folder / "inbox", None, [], 0
    if face.startswith("files"):
        inbox = tmp_path / "inbox"
    for step, kind in enumerate(steps, start=1):
        if kind == "bring":
            ids = [*range(n, n := n + sizes.randint(1, 5))]
            world.bring(ids, step * 1000, [float(i) for i in ids])
            continue
        arrival = world.source.poll(cursor, world.by(step * 1000), inbox)
        if arrival is not None and kind == "poll":
            committed += ids_of(arrival)
            cursor = json.loads(json.dumps(arrival.cursor))
    assert committed + everything(world, inbox, cursor) == [*range(n)]


def test_nothing_later_than_asked_for_is_given_or_has_an_influence(world, tmp_path):
    world.bring([0, 1], 1000, [0.5, 1.5])
    before = world.source.poll(None, world.by(1000), tmp_path / "before")
    world.bring([2, 3], 2000, [float("nan"), float("inf")] if "kafka" not in world.source.name else [9e9, -9e9])
    after = world.source.poll(None, world.by(1000), tmp_path / "after")
    assert ids_of(after) == [0, 1]
    assert after.digest == before.digest
    assert after.cursor == before.cursor
    assert world.source.poll(after.cursor, world.by(1000), tmp_path) is None


def test_what_a_dead_process_had_read_comes_again_under_the_same_digest(world, tmp_path):
    world.bring([0, 1, 2], 1000, [0.0, 1.0, 2.0])
    first, second = (world.source.poll(None, world.by(1000), tmp_path) for _ in range(2))
    assert first == second
    assert ids_of(first) == [0, 1, 2]
    assert len(first.digest) == 64


def test_another_content_has_another_digest(world, tmp_path):
    world.bring([0], 1000, [0.0])
    world.bring([1], 2000, [0.0])
    first = world.source.poll(None, world.by(1000), tmp_path)
    second = world.source.poll(first.cursor, world.by(2000), tmp_path)
    assert first.digest != second.digest


def test_an_arrival_says_how_many_rows_it_has_and_from_when_until_when(world, tmp_path):
    world.bring([0, 1], 1000, [0.0, 1.0])
    world.bring([2], 2000, [2.0])
    arrival = world.source.poll(None, world.by(2000), tmp_path)
    assert arrival.rows == 3
    if world.source.name == "nats":
        assert arrival.since < arrival.until == world.by(2000).timestamp()
    else:
        assert (arrival.since, arrival.until) == (1000, 2000)


def test_a_cursor_is_plain_json(world, tmp_path):
    world.bring([0], 1000, [0.0])
    cursor = world.source.poll(None, world.by(1000), tmp_path).cursor
    assert json.loads(json.dumps(cursor, allow_nan=False)) == cursor


def test_where_nothing_came_there_is_no_arrival_and_no_file(world, tmp_path):
    assert world.source.poll(None, world.by(LATE), tmp_path / "inbox") is None
    assert not (tmp_path / "inbox").exists()


def test_a_source_keeps_no_state(world, tmp_path):
    world.bring([0, 1], 1000, [0.0, 1.0])
    fields = {name: getattr(world.source, name) for name in world.source.__dataclass_fields__}
    assert everything(world, tmp_path) == everything(world, tmp_path) == [0, 1]
    assert {name: getattr(world.source, name) for name in fields} == fields
    with pytest.raises(AttributeError):
        world.source.name = "other"


def test_what_cannot_be_reached_may_be_there_later():
    from vernal.sources import Files, Kafka, Nats, ParquetTable, Table

    now = World.by(None, LATE)
    down = "127.0.0.1:9"
    for source in (
        Files("no/such/folder"),
        Table("sqlite:///no/such.db", "t"),
        ParquetTable("no/such/folder"),
        Kafka("t", down, timeout="0.2s"),
        Nats("s", f"nats://{down}", timeout="5s"),
    ):
        with pytest.raises(Unreachable):
            source.poll(None, now, Path("inbox"))
