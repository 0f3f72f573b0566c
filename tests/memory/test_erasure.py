"""An erased record is in no file that the new index names."""

import numpy as np
import pytest
import torch

from tests.memory.doubles import admitted, contents, numbers, reopened
from vernal.data import Chunk
from vernal.memory import Everything, Memory, Reservoir


def bytes_of(memory, blobs):
    return b"".join(blobs.path(digest).read_bytes() for digest in memory.needs)


def with_payload(count, start=0):
    """Rows whose bytes occur nowhere else."""
    payload = np.random.default_rng(start).integers(0, 256, size=(count, 32), dtype=np.uint8)
    rows = [(torch.from_numpy(payload[i]), f"text of {start + i}.") for i in range(count)]
    return Chunk(rows, ids=[f"id {start + i}" for i in range(count)]), payload


@pytest.mark.parametrize("gone", [[3], [0, 1, 2], [17], [3, 17, 29], [*range(30)]])
def test_no_byte_of_it_remains(blobs, tmp_path, gone):
    memory, payloads = Memory(blobs, seed=0), []
    for update in range(3):
        chunk, payload = with_payload(10, 10 * update)
        payloads.extend(payload)
        memory = admitted(memory, chunk, Everything(), update, tmp_path, lambda p: {"z": torch.rand(len(p), 2)})
    kept_before = memory.extra("z")
    erased = memory.erase([f"id {i}" for i in gone], tmp_path / "parts")
    left = [i for i in range(30) if i not in gone]
    data = bytes_of(erased, blobs)
    for i in gone:
        assert payloads[i].tobytes() not in data
        assert f"text of {i}.".encode() not in data
        assert not erased.holds([f"id {i}"])
    assert len(erased) == len(left)
    assert [erased[k][0][1] for k in range(len(left))] == [f"text of {i}." for i in left]
    assert not left or torch.equal(erased.extra("z"), kept_before[left])
    assert all(payloads[i].tobytes() in data for i in left)


def test_a_dead_row_counts_as_held_and_is_erased_too(blobs, tmp_path):
    chunk, payload = with_payload(20)
    memory = admitted(Memory(blobs, seed=0), chunk, Everything(), 1, tmp_path)
    memory = admitted(memory, with_payload(5, 100)[0], Reservoir(18), 2, tmp_path)
    alive = {memory[i][0][1] for i in range(len(memory))}
    dead = next(i for i in range(20) if f"text of {i}." not in alive)
    assert memory.holds([f"id {dead}"])
    erased = memory.erase([f"id {dead}"], tmp_path / "parts")
    assert not erased.holds([f"id {dead}"])
    assert payload[dead].tobytes() not in bytes_of(erased, blobs)
    assert {erased[i][0][1] for i in range(len(erased))} == alive


def test_what_no_file_holds_needs_no_erasure(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 5, ids=[*range(5)]), Everything(), 1, tmp_path)
    assert memory.erase(["nobody"], tmp_path / "parts") is None


def test_files_without_the_record_are_left_as_they_are(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), with_payload(10)[0], Everything(), 1, tmp_path)
    untouched = set(memory.needs)
    memory = admitted(memory, with_payload(10, 100)[0], Everything(), 2, tmp_path)
    erased = memory.erase(["id 103"], tmp_path / "parts")
    assert untouched <= set(erased.needs)


def test_the_old_memory_can_still_be_read_until_its_files_are_removed(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 5, ids=[*range(5)]), Everything(), 1, tmp_path)
    memory.erase([2], tmp_path / "parts")
    assert contents(memory) == [0, 1, 2, 3, 4]


def test_the_stream_goes_on_after_an_erasure(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 5, ids=[*range(5)]), Everything(), 1, tmp_path)
    erased = reopened(memory.erase([2], tmp_path / "parts"), blobs)
    assert erased.n_seen == 5
    assert contents(admitted(erased, numbers(5, 2), Everything(), 2, tmp_path)) == [0, 1, 3, 4, 5, 6]


def test_the_stream_goes_on_after_everything_was_erased(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 5, ids=[*range(5)]), Everything(), 1, tmp_path)
    empty = reopened(memory.erase([*range(5)], tmp_path / "parts"), blobs)
    assert len(empty) == 0
    assert empty.needs == []
    assert empty.erase([3], tmp_path / "parts") is None
    assert contents(admitted(empty, numbers(5, 2), Everything(), 2, tmp_path)) == [5, 6]


def test_rows_without_ids_are_found_by_nothing_that_was_not_given(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), numbers(0, 5), Everything(), 1, tmp_path)
    assert not memory.holds([0, 1, 2, 3, 4, "0"])
