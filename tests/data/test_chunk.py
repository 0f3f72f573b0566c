import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from vernal.base import DataError, EmptyChunk
from vernal.data import Chunk, as_chunk, id_digests

X, Y = torch.arange(12.0).view(4, 3), torch.tensor([0, 1, 1, 0])


def chunk(**options):
    return Chunk.from_arrays(X, Y, **options)


def test_arrays_make_a_chunk():
    made = Chunk.from_arrays(X.numpy(), Y.numpy(), name="monday")
    assert (len(made), repr(made)) == (4, "Chunk('monday', 4 rows)")
    assert str(made.schema) == "x: float32(3), y: int64()"
    assert made.labels.tolist() == Y.tolist()
    assert made.fingerprint == chunk().fingerprint


def test_arrays_may_be_nested():
    made = Chunk.from_arrays({"a": X, "b": (X.numpy(), Y)}, [Y, Y])
    x, y = made[2]
    assert torch.equal(x["a"], X[2])
    assert x["b"][1] == 1
    assert isinstance(x["b"], tuple)
    assert isinstance(y, list)


def test_a_chunk_is_a_torch_dataset():
    batches = [*DataLoader(chunk(), batch_size=3)]
    assert torch.equal(batches[0][0], X[:3])
    assert torch.equal(chunk()[-1][0], X[3])
    with pytest.raises(IndexError, match="Row 4 of a chunk of 4"):
        chunk()[4]


def test_the_name_is_not_part_of_the_fingerprint():
    assert chunk(name="a").fingerprint == chunk(name="b").fingerprint


def test_ids_and_times_are_part_of_the_fingerprint():
    variants = [
        chunk(),
        chunk(ids=["a", "b", "c", "d"]),
        chunk(ids=["a", "b", "d", "c"]),
        chunk(times=[1, 2, 3, 4]),
        chunk(times=[1, 2, 3, 5]),
        chunk(ids=["a", "b", "c", "d"], times=[1, 2, 3, 4]),
    ]
    assert len({variant.fingerprint for variant in variants}) == len(variants)


def test_ids_are_digests_so_that_no_id_lies_in_the_store():
    assert chunk(ids=["a", "b", 7, "7"]).ids.shape == (4, 16)
    assert torch.equal(chunk(ids=["a", "b", 7, "8"]).ids, id_digests(["a", "b", "7", 8]))


def test_rows_without_ids_are_known_by_content_and_place():
    assert torch.equal(chunk().ids, chunk(times=[1, 2, 3, 4]).ids)
    assert len({tuple(row) for row in chunk().ids.tolist()}) == 4
    assert not torch.equal(chunk().ids, Chunk.from_arrays(X + 1, Y).ids)


def test_times_are_seconds_or_datetimes():
    stamps = np.array(["1970-01-01T00:00:01.5", "1970-01-02", "NaT", "1970-01-01"], dtype="datetime64[ms]")
    times = chunk(times=stamps).times
    assert times.dtype == torch.float64
    assert times[[0, 1, 3]].tolist() == [1.5, 86400, 0]
    assert torch.isnan(times[2])
    assert chunk(times=stamps).time_span == (0.0, 86400.0)
    assert chunk(times=[4, 3, 2, 1]).time_span == (1.0, 4.0)
    assert chunk().time_span is None
    assert chunk(times=[np.nan] * 4).time_span is None
    assert torch.isnan(chunk().times).all()


def test_a_part_keeps_ids_and_times():
    part = chunk(ids=[*"abcd"], times=[1, 2, 3, 4], name="monday").pick(torch.tensor([3, 1]))
    assert (len(part), part.name, part.time_span) == (2, "monday", (2.0, 4.0))
    assert torch.equal(part.ids, id_digests(["d", "b"]))
    assert torch.equal(part[0][0], X[3])
    assert chunk().pick(torch.tensor([0]), "other").name == "other"


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Chunk([], name="monday"), EmptyChunk, "The dataset has no rows"),
        (lambda: Chunk.from_arrays(X[:0], Y[:0], name="monday"), EmptyChunk, "Chunk 'monday' has no rows"),
        (lambda: Chunk(TensorDataset(X[:0], Y[:0])), EmptyChunk, "has no rows"),
        (lambda: Chunk.from_arrays(X[:0], Y[:0]), EmptyChunk, "The chunk has no rows"),
        (
            lambda: Chunk.from_arrays(X, [[*"abcd"]] * 300),
            DataError,
            r"got {'x': 4, 'y\.0\.0': 1, 'y\.0\.1': 1, 'y\.0\.2': 1} and so on\. A list is taken apart: give an array",
        ),
        (lambda: Chunk.from_arrays(X, Y[:3]), DataError, "must have the same number of rows, got {'x': 4, 'y': 3}"),
        (lambda: Chunk.from_arrays([[1.0, 2.0]], [0]), DataError, "`x.0.0` is a single number.*Give arrays"),
        (lambda: chunk(ids=["a"]), DataError, "`ids` must have one entry per row: got 1 for 4 rows"),
        (lambda: chunk(times=[1, 2]), DataError, "`times` must have one entry per row: got 2 for 4 rows"),
    ],
)
def test_what_is_no_chunk_is_named(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_a_chunk_stays_as_it_is_and_a_dataset_becomes_one():
    made = chunk(name="monday")
    assert as_chunk(made, "other") is made
    assert as_chunk(TensorDataset(X, Y), "other").name == "other"


def test_varying_rows_are_found():
    made = Chunk([(torch.arange(i + 1), 0) for i in range(3)])
    assert str(made.schema) == "x: int64(*), y: int"
    assert Chunk([(torch.arange(2), 0)], varying=["x"]).schema == made.schema


def test_arrays_whose_lengths_will_vary_are_declared():
    declared = chunk(varying=["x"])
    assert str(declared.schema) == "x: float32(*), y: int64()"
    assert [x.tolist() for x, _ in declared] == X.tolist()
    assert declared.schema == Chunk([(row, label) for row, label in zip(X, Y, strict=True)], varying=["x"]).schema
    with pytest.raises(DataError, match="`varying` names 'z', but the tensors of a row are: x, y"):
        chunk(varying=["z"])


def test_ids_may_be_a_tensor_or_an_array():
    expected = chunk(ids=[0, 1, 2, 3])
    for ids in (torch.arange(4), np.arange(4), [*torch.arange(4)], (str(i) for i in range(4))):
        assert chunk(ids=ids).fingerprint == expected.fingerprint


def test_arrays_of_the_other_byte_order_are_the_same_data():
    assert Chunk.from_arrays(X.numpy().astype(">f4"), Y).fingerprint == chunk().fingerprint


def test_a_stream_is_refused():
    with pytest.raises(DataError, match="A Stream is no map-style torch dataset.*Write a stream to a table"):
        Chunk(Stream())


class Stream(IterableDataset):
    def __len__(self):
        return 1

    def __iter__(self):
        yield X[0], 0
