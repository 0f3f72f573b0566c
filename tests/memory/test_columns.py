"""Column files are plain safetensors; many of them read as one tensor in memory would."""

import contextlib

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from tests.memory.doubles import FolderBlobs
from vernal.base import CorruptState, DataError, StateError
from vernal.data import Chunk, Leaf, make_column
from vernal.memory import Everything, Memory
from vernal.memory.column_file import ColumnWriter, read_parts, row_bytes
from vernal.memory.mapped import MappedColumn, MappedRagged

TYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64,
]  # fmt: skip
SHAPES = st.one_of(
    st.lists(st.integers(0, 5), max_size=3).map(tuple),
    st.sampled_from([(130,), (4097,), (3, 8, 8)]),
)


def values(count, shape, dtype, seed=0):
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randint(0, 100, (count, *shape), generator=generator)
    return (numbers % 2 == 0) if dtype == torch.bool else numbers.to(dtype)


def leaf_of(shape, dtype):
    return Leaf("tensor", str(dtype).removeprefix("torch."), shape)


def written(path, leaf, *blocks):
    with ColumnWriter(path, leaf, sum(map(len, blocks))) as writer:
        for block in blocks:
            writer.write(block)
    return path


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 65)], ids=str)
def test_rows_of_one_shape_are_read_by_the_safetensors_library(tmp_path, dtype, shape):
    blocks = [values(count, shape, dtype, seed=count) for count in (3, 1, 4)]
    path = written(tmp_path / "x.column", leaf_of(shape, dtype), *blocks)
    assert torch.equal(load_file(path)["values"], torch.cat(blocks))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_varying_rows_are_read_by_the_safetensors_library(tmp_path, dtype):
    rows = [values(1, (i, 3), dtype, seed=i)[0] for i in (2, 0, 5, 2)]
    path = written(tmp_path / "x.column", leaf_of((None, None), dtype), rows[:1], rows[1:])
    found = load_file(path)
    assert found["offsets"].tolist() == [0, 6, 6, 21, 27]
    assert found["shapes"].tolist() == [[2, 3], [0, 3], [5, 3], [2, 3]]
    assert torch.equal(found["values"][:27], torch.cat([row.flatten() for row in rows]))
    assert all(part.start % part.dtype.itemsize == 0 for part in read_parts(path).values())


def test_long_rows_begin_at_a_page(tmp_path):
    path = written(tmp_path / "x.column", leaf_of((1024,), torch.float32), values(2, (1024,), torch.float32))
    assert read_parts(path)["values"].start == 4096


def test_a_failure_in_between_leaves_no_file_that_can_be_read(tmp_path):
    with contextlib.suppress(ZeroDivisionError), ColumnWriter(tmp_path / "x", leaf_of((), torch.float32), 4) as writer:
        writer.write(torch.zeros(2))
        raise ZeroDivisionError
    with pytest.raises(CorruptState, match="is not a column of a memory"):
        read_parts(tmp_path / "x")


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 600, b"\x10" + b"\0" * 7 + b"[1, 2, 3, 4, 5]]"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(CorruptState, match="is not a column of a memory"):
        read_parts(tmp_path / "x")


def test_a_disk_that_refuses_is_named(tmp_path):
    with pytest.raises(StateError, match="x.column could not be written: .*Make room"):
        ColumnWriter(tmp_path / "missing" / "x.column", leaf_of((), torch.float32), 1)


@settings(max_examples=60)
@given(
    shape=SHAPES,
    dtype=st.sampled_from(TYPES),
    counts=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    data=st.data(),
)
def test_many_files_read_as_one_tensor(tmp_path_factory, shape, dtype, counts, data):
    folder, leaf = tmp_path_factory.mktemp("columns"), leaf_of(shape, dtype)
    tensors = [values(count, shape, dtype, seed=i) for i, count in enumerate(counts)]
    files = [written(folder / str(i), leaf, tensor) for i, tensor in enumerate(tensors)]
    places = [(i, j) for i, count in enumerate(counts) for j in range(count)]
    live = data.draw(st.permutations(places)).copy()[: data.draw(st.integers(1, len(places)))]
    column = MappedColumn(files, leaf, torch.tensor([i for i, _ in live]), torch.tensor([j for _, j in live]))
    rows = data.draw(st.lists(st.integers(0, len(live) - 1), max_size=12))
    gathered = column.gather(torch.tensor(rows, dtype=torch.int64))
    expected = torch.stack([tensors[live[k][0]][live[k][1]] for k in rows]) if rows else torch.empty(0, *shape)
    assert gathered.shape == (len(rows), *shape)
    assert gathered.dtype == dtype
    assert torch.equal(gathered, expected.to(dtype))
    column.will_need(torch.tensor(rows, dtype=torch.int64))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_rows_of_more_than_64_kib_read_the_same(tmp_path, dtype):
    shape = ((1 << 16) // dtype.itemsize + 1,)
    assert row_bytes(leaf_of(shape, dtype)) > 1 << 16
    tensors = [values(3, shape, dtype, seed=i) for i in range(2)]
    files = [written(tmp_path / str(i), leaf_of(shape, dtype), tensor) for i, tensor in enumerate(tensors)]
    column = MappedColumn(files, leaf_of(shape, dtype), torch.tensor([1, 0, 1]), torch.tensor([2, 1, 0]))
    column.will_need(torch.arange(3))
    expected = torch.stack([tensors[1][2], tensors[0][1], tensors[1][0]])
    assert torch.equal(column.gather(torch.arange(3)), expected)
    assert column.gather(torch.arange(0)).shape == (0, *shape)


def test_what_is_gathered_is_a_copy(tmp_path):
    leaf = leaf_of((2,), torch.float32)
    path = written(tmp_path / "x", leaf, torch.ones(2, 2))
    column = MappedColumn([path], leaf, torch.zeros(2, dtype=torch.int64), torch.arange(2))
    column.gather(torch.tensor([0])).zero_()
    assert (column.gather(torch.tensor([0])) == 1).all()


@settings(max_examples=40)
@given(
    dtype=st.sampled_from(TYPES),
    lengths=st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=5), min_size=1, max_size=4),
    data=st.data(),
)
def test_varying_rows_of_many_files_read_as_a_list(tmp_path_factory, dtype, lengths, data):
    folder, leaf = tmp_path_factory.mktemp("columns"), leaf_of((None, 2), dtype)
    parts = [[values(1, (n, 2), dtype, seed=n)[0] for n in part] for part in lengths]
    files = [written(folder / str(i), leaf, part) for i, part in enumerate(parts)]
    places = [(i, j) for i, part in enumerate(parts) for j in range(len(part))]
    column = MappedRagged(files, leaf, torch.tensor([i for i, _ in places]), torch.tensor([j for _, j in places]))
    rows = data.draw(st.lists(st.integers(0, len(places) - 1), max_size=8))
    asked = torch.tensor(rows, dtype=torch.int64)
    column.will_need(asked)
    expected = [parts[places[k][0]][places[k][1]] for k in rows]
    assert all(map(torch.equal, column.gather(asked), expected))
    in_memory = make_column(leaf, [row for part in parts for row in part]).gather(asked)
    assert all(map(torch.equal, in_memory, expected))


def test_no_files_give_no_rows():
    none = torch.empty(0, dtype=torch.int64)
    assert MappedColumn([], leaf_of((3,), torch.float32), none, none).gather(none).shape == (0, 3)
    assert MappedRagged([], leaf_of((None,), torch.float32), none, none).gather(none) == []


@pytest.mark.parametrize("dtype", [torch.complex128, torch.float8_e4m3fn], ids=str)
def test_a_type_that_no_column_can_hold_is_refused_before_training(tmp_path, dtype):
    memory, chunk = Memory(FolderBlobs(tmp_path), 0), Chunk([(torch.zeros(2).to(dtype), 0)], name="tuesday")
    with pytest.raises(
        DataError, match="Chunk 'tuesday': `x` is (complex128|float8.*), which no memory can hold. Convert"
    ):
        memory.plan(chunk, Everything(), 1)
