"""The memory on disk behaves as if it were a list of rows."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from tests.memory.doubles import FolderBlobs, admitted, contents, numbers, reopened, same
from vernal.base import CorruptState, SchemaMismatch, SchemaTooNew, StateError
from vernal.data import Chunk
from vernal.memory import Everything, Memory, Reservoir, SlidingWindow
from vernal.state import pack, unpack


def rows_of(memory):
    return [memory[i][0] for i in range(len(memory))]


# Size and selection


@pytest.mark.parametrize("policy", [Reservoir, SlidingWindow])
@pytest.mark.parametrize("size", [1, 10, 100])
@pytest.mark.parametrize("rows", [10, 100])
def test_it_fills_up_to_its_size(blobs, tmp_path, policy, size, rows):
    memory = Memory(blobs, seed=0)
    assert len(memory) == 0
    for update in range(1, 6):
        memory = admitted(memory, numbers(0, rows), policy(size), update, tmp_path)
        assert len(memory) == min(update * rows, size)
        assert memory.n_seen == update * rows


@pytest.mark.parametrize("policy", [Reservoir(12), SlidingWindow(12), Everything()])
def test_a_stream_that_is_cut_and_reopened_leaves_what_an_uncut_one_leaves(blobs, tmp_path, policy):
    whole = admitted(Memory(blobs, seed=3), numbers(0, 60), policy, 1, tmp_path)
    cut = Memory(blobs, seed=3)
    for update, (start, end) in enumerate([(0, 7), (7, 8), (8, 40), (40, 60)]):
        cut = reopened(admitted(cut, numbers(start, end - start), policy, update, tmp_path), blobs)
    assert contents(cut) == contents(whole)


def test_the_random_stream_goes_on_after_reopening(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=3), numbers(0, 30), Reservoir(10), 1, tmp_path)
    again = reopened(memory, blobs)
    chunk = numbers(30, 30)
    assert again.plan(chunk, Reservoir(10), 2).keys.tolist() == memory.plan(chunk, Reservoir(10), 2).keys.tolist()
    afresh = Memory(blobs, seed=3).plan(chunk, Reservoir(30), 1).keys
    assert not set(again.plan(chunk, Reservoir(60), 2).keys) & set(afresh)


def test_a_size_that_changed_is_honoured(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 40), Reservoir(10), 1, tmp_path)
    grown = admitted(reopened(memory, blobs), numbers(40, 60), Reservoir(50), 2, tmp_path)
    assert len(grown) == 50
    assert set(contents(memory)) <= set(contents(grown))
    shrunk = admitted(reopened(grown, blobs), numbers(100, 10), Reservoir(5), 3, tmp_path)
    assert len(shrunk) == 5


def test_a_plan_says_what_will_be_there_before_anything_is_written(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 40), Reservoir(10), 1, tmp_path)
    files = len(blobs.put)
    chunk = numbers(40, 40)
    plan = memory.plan(chunk, Reservoir(10), 2)
    planned = memory.planned(plan, chunk)
    assert len(blobs.put) == files
    expected = planned.leaves(torch.arange(len(planned)))["x"][:, 0].long().tolist()
    assert contents(memory.admit(plan, chunk, 2, tmp_path / "parts")) == expected


# Rows of any structure


STRUCTURES = {
    "tensor": lambda i: (torch.full((2, 3), float(i)), torch.tensor(i)),
    "number": lambda i: (i / 2, i),
    "bool": lambda i: (torch.tensor([i, i]), i % 2 == 0),
    "tuple": lambda i: ((torch.tensor([i]), torch.tensor([i / 2])), i),
    "list": lambda i: ([torch.tensor([i]), i], [i, i + 1]),
    "dict": lambda i: ({"ids": torch.tensor([i, i]), "n": i}, {"a": torch.tensor(i)}),
    "nested": lambda i: ((torch.tensor([i]), {"a": [i, (torch.tensor(i),)], "b": f"text {i}"}), (i, {"c": i / 2})),
    "text": lambda i: ("äß" * i, "label"),
    "varying": lambda i: (torch.full((i + 2, i + 3), float(i)), torch.arange(i)),
    "empty": lambda i: (torch.zeros(0), torch.zeros(2, 0, 3)),
    "large": lambda i: (torch.full((17_000,), float(i)), torch.full((70_000,), i % 2 == 0)),
}


@pytest.mark.parametrize("structure", STRUCTURES)
def test_rows_come_back_as_they_went_in(blobs, tmp_path, structure):
    rows = [STRUCTURES[structure](i) for i in range(12)]
    memory = Memory(blobs, seed=0)
    for update, part in enumerate([rows[:5], rows[5:]]):
        varying = ("x", "y") if structure == "varying" else ()
        memory = admitted(memory, Chunk(part, varying=varying), Everything(), update, tmp_path)
        memory = reopened(memory, blobs)
    assert all(map(same, rows_of(memory), rows))
    assert all(map(same, memory.items(torch.tensor([7, 0, 7])), [rows[7], rows[0], rows[7]]))


def test_what_is_stored_is_raw(blobs, tmp_path):
    """Transforms belong to the config file; a feed applies them on reading."""
    memory = admitted(Memory(blobs, seed=0), numbers(0, 5), Everything(), 1, tmp_path)
    assert contents(memory) == [0, 1, 2, 3, 4]


def test_a_stored_row_takes_the_space_of_a_row(blobs, tmp_path):
    x = torch.randn(2000, 100)
    row = Chunk([(x[1], 0)])
    memory = admitted(Memory(blobs, seed=0), row, Everything(), 1, tmp_path)
    sizes = {name: blobs.path(digest).stat().st_size for name, digest in memory.segments[0].columns.items()}
    assert sizes["x"] == 400 + 512
    assert sum(sizes.values()) < 3000


def test_negative_places_count_from_the_end_and_others_are_an_error(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 30), Everything(), 1, tmp_path)
    assert memory[-1][0][0][0] == 29
    with pytest.raises(IndexError, match="Row 30 of a memory of 30"):
        memory[30]
    with pytest.raises(IndexError, match="Row -31 of a memory of 30"):
        memory[-31]


def test_the_schema_of_a_memory_that_never_saw_a_row_is_an_error(blobs):
    with pytest.raises(StateError, match="The memory has never seen a row"):
        _ = Memory(blobs, seed=0).schema


def test_rows_that_do_not_fit_are_refused_before_anything_is_written(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 5), Everything(), 1, tmp_path)
    files = len(blobs.put)
    other = Chunk.from_arrays(torch.zeros(5, 3), torch.zeros(5, dtype=torch.int64), name="tuesday")
    with pytest.raises(
        SchemaMismatch, match=r"Chunk 'tuesday': `x` is float32\(3\), but earlier rows have float32\(2\)"
    ):
        memory.plan(other, Everything(), 2)
    assert len(blobs.put) == files


def test_a_chunk_may_be_shorter_than_what_was_declared_to_vary(blobs, tmp_path):
    first = Chunk([(torch.arange(i + 1), i) for i in range(3)])
    memory = admitted(Memory(blobs, seed=0), first, Everything(), 1, tmp_path)
    memory = admitted(memory, Chunk([(torch.arange(2), 9)]), Everything(), 2, tmp_path)
    assert [len(x) for x, _ in rows_of(memory)] == [1, 2, 3, 2]


# What is kept with rows


def foo(places):
    return {"foo": torch.ones(len(places), 100), "place": places.to(torch.int32)}


def test_what_is_kept_comes_with_the_rows(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 30), Everything(), 1, tmp_path, foo)
    memory = reopened(memory, blobs)
    assert memory.extra("foo").shape == (30, 100)
    assert (memory.extra("foo") == 1).all()
    assert memory[7][1]["place"] == 7
    assert memory.extra("place").dtype == torch.int32
    assert memory.extras(torch.tensor([3, 1]))["place"].tolist() == [3, 1]
    with pytest.raises(KeyError, match="Nothing is kept under 'bar'. There is: foo, place"):
        memory.extra("bar")


def test_what_is_kept_follows_its_row_through_updates(blobs, tmp_path):
    memory = Memory(blobs, seed=0)
    for update in range(6):
        start = 50 * update
        keep = lambda places, start=start: {"number": places + start}  # noqa: E731
        memory = reopened(admitted(memory, numbers(start, 50), Reservoir(20), update, tmp_path, keep), blobs)
    assert memory.extra("number").tolist() == contents(memory)


@pytest.mark.parametrize(
    "other",
    [
        None,
        lambda places: {"foo": torch.ones(len(places), 100)},
        lambda places: {"foo": torch.ones(len(places), 99), "place": places.to(torch.int32)},
        lambda places: {"foo": torch.ones(len(places), 100), "place": places},
    ],
    ids=["nothing", "other keys", "another shape", "another type"],
)
def test_what_is_kept_with_later_rows_must_be_the_same(blobs, tmp_path, other):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 30), Everything(), 1, tmp_path, foo)
    with pytest.raises(SchemaMismatch, match=r"kept with .*those in memory with `foo`: float32\(100\), `place`: int32"):
        admitted(memory, numbers(30, 30), Everything(), 2, tmp_path, other)
    assert contents(memory) == [*range(30)]


def test_one_value_a_row_is_kept(blobs, tmp_path):
    chunk = numbers(0, 30)
    with pytest.raises(SchemaMismatch, match="foo"):
        admitted(Memory(blobs, seed=0), chunk, Everything(), 1, tmp_path, lambda places: {"foo": torch.ones(29, 100)})


def test_what_is_kept_can_be_given_up(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 30), Everything(), 1, tmp_path, foo)
    bare = memory.without_kept()
    assert bare[3][1] == {}
    assert contents(admitted(bare, numbers(30, 2), Everything(), 2, tmp_path)) == [*range(32)]


# The index


def test_the_index_of_a_full_memory_has_a_constant_size(blobs, tmp_path):
    memory, sizes = Memory(blobs, seed=0), []
    for update in range(30):
        memory = admitted(memory, numbers(10 * update, 10), SlidingWindow(20), update, tmp_path)
        sizes.append(len(pack(memory.to_tree())))
    assert max(sizes[5:]) - min(sizes[5:]) < 64  # numbers like n_seen get a digit longer


def test_earlier_memories_stay_readable(blobs, tmp_path):
    memory, history = Memory(blobs, seed=0), []
    for update in range(8):
        memory = admitted(memory, numbers(10 * update, 10), Reservoir(15), update, tmp_path)
        history.append((pack(memory.to_tree()), contents(memory)))
    for data, expected in history:
        assert contents(Memory.from_tree(unpack(data), blobs)) == expected


def test_a_later_schema_is_refused(blobs):
    tree = Memory(blobs, seed=0).to_tree() | {"schema_version": 2}
    with pytest.raises(SchemaTooNew, match="The memory has schema version 2; this vernal reads up to 1"):
        Memory.from_tree(tree, blobs)


def test_only_rows_that_came_in_are_written(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 1000), Reservoir(500), 1, tmp_path)
    blobs.put.clear()
    admitted(memory, numbers(1000, 10), Reservoir(500), 2, tmp_path)
    assert sum(blobs.path(digest).stat().st_size for digest in set(blobs.put)) < 10 * 48 + 4 * 512


def test_nothing_is_written_when_nothing_comes_in(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 20), Reservoir(5), 1, tmp_path)
    blobs.put.clear()
    plan = memory.plan(numbers(20, 1), Reservoir(5), 2)
    unlucky = type(plan)(np.arange(5), np.empty(0, np.int64), np.empty(0))
    after = memory.admit(unlucky, numbers(20, 1), 2, tmp_path / "parts")
    assert blobs.put == []
    assert contents(after) == contents(memory)
    assert after.n_seen == 21


def test_a_disk_that_refuses_is_named_and_nothing_changes(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 20), Reservoir(5), 1, tmp_path)
    (tmp_path / "file").write_text("no folder")
    chunk = numbers(20, 200)
    plan = memory.plan(chunk, Reservoir(5), 2)
    with pytest.raises(StateError, match="could not be written: .*Make room"):
        memory.admit(plan, chunk, 2, tmp_path / "file" / "parts")
    assert len(contents(memory)) == 5


# Ids and times


def test_rows_are_found_by_their_ids(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 3, ids=["a", "b", 7]), Everything(), 1, tmp_path)
    assert memory.holds(["b"])
    assert memory.holds(["7"])
    assert memory.holds(["x", 7])
    assert not memory.holds(["x"])
    assert not memory.holds([])
    assert memory.ids().shape == (3, 16)


def test_times_are_kept(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 3, times=[1.5, 2.5, 3.5]), Everything(), 1, tmp_path)
    assert memory.column("time").gather(torch.arange(3)).tolist() == [1.5, 2.5, 3.5]


# Several at once


def test_two_read_while_one_writes(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 40), Reservoir(20), 1, tmp_path)
    readers = [reopened(memory, FolderBlobs(blobs.folder)) for _ in range(2)]
    expected = contents(memory)
    for update in range(2, 8):
        assert contents(readers[0]) == expected
        memory = admitted(memory, numbers(40 * update, 40), Reservoir(20), update, tmp_path)
        assert contents(readers[1]) == expected
    assert contents(readers[0]) == expected != contents(memory)


def test_a_memory_is_a_torch_dataset(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 7), Everything(), 1, tmp_path, foo)
    (x, y), kept = next(iter(DataLoader(memory, batch_size=3)))
    assert x.tolist() == [[0, 0], [1, -1], [2, -2]]
    assert y.tolist() == [0, 1, 2]
    assert kept["foo"].shape == (3, 100)


@pytest.mark.parametrize("keys", [["a/b", "a"], ["/a", " "], ["A", "a"], ["ä" * 200, "\0"], ["id", "time"]])
def test_names_that_are_none_for_a_file_are_no_trouble(blobs, tmp_path, keys):
    rows = [({key: torch.tensor([i, j]) for j, key in enumerate(keys)}, i) for i in range(4)]
    memory = admitted(Memory(blobs, seed=0), Chunk(rows), Everything(), 1, tmp_path)
    assert all(map(same, rows_of(memory), rows))


@pytest.mark.parametrize("name", ["x", "y", "x.a", "id", "time"])
def test_what_is_kept_cannot_take_the_name_of_what_is_there(blobs, tmp_path, name):
    chunk = Chunk([({"a": torch.tensor([i])}, i) for i in range(4)])
    memory = Memory(blobs, seed=0)
    with pytest.raises(SchemaMismatch, match=f"`{name}` is the name of a part of the row. Keep it under another"):
        memory.check_kept({name: torch.zeros(4)})
    with pytest.raises(SchemaMismatch, match=f"`{name}` is the name of a part of the row"):
        admitted(memory, chunk, Everything(), 1, tmp_path, lambda places: {name: torch.zeros(len(places))})


@pytest.mark.parametrize("tree", [{}, {"schema_version": 1}, {"weights": 3}, []])
def test_what_is_no_index_of_a_memory_is_refused(tree, blobs):
    with pytest.raises(CorruptState, match="not the index of a memory. Restore the file from a backup"):
        Memory.from_tree(tree, blobs)
