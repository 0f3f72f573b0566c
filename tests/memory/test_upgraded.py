"""Rows of a memory are rewritten in a new schema, and all that belongs to them goes with them."""

import itertools

import pytest
import torch

from tests.memory.doubles import admitted, contents, numbers, reopened, same
from vernal.base import DataError, SchemaMismatch, StateError
from vernal.data import Chunk
from vernal.memory import Everything, Memory, Reservoir
from vernal.memory.memory import BLOCK


def filled(blobs, tmp_path, updates=4):
    memory = Memory(blobs, seed=0)
    for update in range(updates):
        chunk = numbers(30 * update, 30, ids=[*range(30 * update, 30 * update + 30)], times=[float(update)] * 30)
        memory = admitted(memory, chunk, Reservoir(40), update, tmp_path, lambda places: {"z": places.float()})
    return memory


def with_feature(x, y):
    return torch.cat([x, x[:1] / 2]), y


def test_all_that_belongs_to_a_row_survives(blobs, tmp_path):
    memory = filled(blobs, tmp_path)
    after = reopened(memory.upgraded(with_feature, tmp_path / "parts"), blobs)
    assert str(after.schema) == "x: float32(3), y: int64()"
    assert contents(after) == contents(memory)
    x = after.leaves(torch.arange(40))["x"]
    assert torch.equal(x[:, 2], x[:, 0] / 2)
    assert torch.equal(after.ids(), memory.ids())
    assert torch.equal(after.column("time").gather(torch.arange(40)), memory.column("time").gather(torch.arange(40)))
    assert torch.equal(after.extra("z"), memory.extra("z"))
    for name in ("keys", "labels", "chunks"):
        assert getattr(after.index, name).tolist() == getattr(memory.index, name).tolist()
    assert (after.seed, after.n_seen, after.kept) == (memory.seed, memory.n_seen, memory.kept)


def test_old_files_are_no_longer_needed_and_no_dead_row_is_left(blobs, tmp_path):
    memory = filled(blobs, tmp_path)
    after = memory.upgraded(with_feature, tmp_path / "parts")
    assert [segment.rows for segment in after.segments] == [40]
    assert not set(after.needs) & set(memory.needs)
    dead = next(i for i in range(30) if i not in contents(memory))
    assert not after.holds([dead])


def test_a_lineage_goes_on_in_the_new_schema(blobs, tmp_path):
    memory = filled(blobs, tmp_path).upgraded(with_feature, tmp_path / "parts")
    with pytest.raises(SchemaMismatch, match=r"`x` is float32\(2\), but earlier rows have float32\(3\)"):
        memory.plan(numbers(0, 3), Reservoir(40), 5)
    chunk = Chunk.from_arrays(torch.full((9, 3), 500.0), torch.zeros(9, dtype=torch.int64))
    after = admitted(memory, chunk, Reservoir(49), 5, tmp_path, lambda places: {"z": places.float()})
    assert contents(after) == [*contents(memory), *[500] * 9]


def test_more_rows_than_are_held_at_a_time_are_written(blobs, tmp_path):
    n = 2 * BLOCK + 3
    memory = admitted(Memory(blobs, seed=0), numbers(0, n), Everything(), 1, tmp_path)
    assert contents(memory.upgraded(lambda x, y: ({"x": x}, y), tmp_path / "parts").upgraded(
        lambda x, y: (x["x"], y), tmp_path / "parts"
    )) == [*range(n)]  # fmt: skip


def test_any_structure_may_come_out(blobs, tmp_path):
    def change(x, y):
        return {"n": int(x[0]), "text": "ä" * int(x[0])}, (y, [x, True])

    memory = admitted(Memory(blobs, seed=0), numbers(0, 5), Everything(), 1, tmp_path)
    after = reopened(memory.upgraded(change, tmp_path / "parts"), blobs)
    assert all(same(after[i][0], change(*memory[i][0])) for i in range(5))


def test_lengths_that_varied_may_vary_and_need_not(blobs, tmp_path):
    chunk = Chunk([(torch.arange(i + 1), i) for i in range(5)])
    memory = admitted(Memory(blobs, seed=0), chunk, Everything(), 1, tmp_path)
    longer = memory.upgraded(lambda x, y: (torch.cat([x, x]), y), tmp_path / "parts")
    assert [len(longer[i][0][0]) for i in range(5)] == [2, 4, 6, 8, 10]
    cut = longer.upgraded(lambda x, y: (x[:2], y), tmp_path / "parts")
    assert str(cut.schema) == "x: int64(2), y: int"


def test_a_memory_without_rows_forgets_its_schema(blobs, tmp_path):
    def never(x, y):
        raise AssertionError

    memory = admitted(Memory(blobs, seed=4), numbers(0, 2, ids=[0, 1]), Everything(), 1, tmp_path)
    after = reopened(memory.erase([0, 1], tmp_path / "parts").upgraded(never, tmp_path / "parts"), blobs)
    assert (len(after), after.structure, after.seed, after.n_seen) == (0, None, 4, 2)
    assert len(admitted(after, Chunk([("text", 1)]), Everything(), 2, tmp_path)) == 1
    assert Memory(blobs, seed=0).upgraded(never, tmp_path / "parts").structure is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x[: 1 + (x[0] < 7).int()], y), r"Row 7 after `change`: `x` is float32\(1\), but earlier rows"),
        (lambda x, y: (x if x[0] < 7 else x.double(), y), r"Row 7 after `change`: `x` is float64\(2\)"),
        (lambda x, y: (x if x[0] < 7 else (x,), y), "Row 7 after `change`: rows are built as"),
        (lambda x, y: x, "`change` gives a Tensor for row 0. It must give a pair"),
        (lambda x, y: (x, y, y), "`change` gives a tuple for row 0"),
    ],
)
def test_the_first_row_that_comes_out_differently_is_named(blobs, tmp_path, change, message):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 9), Everything(), 1, tmp_path)
    blobs.put.clear()
    with pytest.raises(SchemaMismatch, match=message):
        memory.upgraded(change, tmp_path / "parts")
    assert blobs.put == []


def test_a_change_that_is_another_the_second_time_is_an_error(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 4), Everything(), 1, tmp_path)
    calls = itertools.count()
    with pytest.raises(SchemaMismatch, match="Row 2 after `change`, called again: `x` is float32"):
        memory.upgraded(lambda x, y: (x if next(calls) < 6 else x[:1], y), tmp_path / "parts")


def test_a_type_that_cannot_be_stored_is_refused(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 4), Everything(), 1, tmp_path)
    with pytest.raises(DataError, match="Rows after `change`: `x` is complex128, which no memory can hold"):
        memory.upgraded(lambda x, y: (x.to(torch.complex128), y), tmp_path / "parts")


def test_a_disk_that_refuses_is_named(blobs, tmp_path):
    memory = filled(blobs, tmp_path)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StateError, match="could not be written"):
        memory.upgraded(with_feature, tmp_path / "file" / "parts")
