from collections import namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import Subset, TensorDataset

from tests.data.datasets import Augmented, Batched, Listed, global_states
from vernal.base import DataError, EmptyChunk, SchemaMismatch
from vernal.data import (
    ColumnRows,
    DatasetRows,
    Joined,
    Picked,
    fixed_randomness,
    raw_bytes,
    rows_of,
    scan,
)

COUNT = 11
X, Y = torch.arange(2.0 * COUNT).view(COUNT, 2), torch.arange(COUNT)
PAIRS = [(X[i], Y[i]) for i in range(COUNT)]
SOURCES = {
    "tensors": lambda: rows_of(TensorDataset(X, Y)),
    "list": lambda: rows_of(PAIRS),
    "dataset": lambda: rows_of(Listed(PAIRS)),
    "batched": lambda: rows_of(Batched(PAIRS)),
    "subset": lambda: rows_of(Subset(TensorDataset(torch.cat([X, X]), torch.cat([Y, Y])), range(COUNT))),
    "subset of a dataset": lambda: rows_of(Subset(Listed(PAIRS * 2), range(COUNT))),
    "joined": lambda: Joined(rows_of(TensorDataset(X[:4], Y[:4])), rows_of(PAIRS[4:])),
    "picked": lambda: Picked(rows_of(PAIRS[::-1]), torch.arange(COUNT).flip(0)),
    "numpy": lambda: rows_of([(X[i].numpy(), Y[i].numpy()) for i in range(COUNT)]),
}
PLACES = st.lists(st.integers(0, COUNT - 1), max_size=8).map(lambda p: torch.tensor(p, dtype=torch.int64))


@pytest.mark.parametrize("source", SOURCES)
@given(places=PLACES)
def test_rows_are_the_same_wherever_they_lie(source, places):
    rows = SOURCES[source]()
    assert len(rows) == COUNT
    assert str(rows.schema) == "x: float32(2), y: int64()"
    leaves = rows.leaves(places)
    assert len(leaves["y"]) == len(places)
    if len(places):
        assert torch.equal(leaves["x"], X[places])
        assert torch.equal(leaves["y"], Y[places])
    for place, (x, y) in zip(places.tolist(), rows.items(places), strict=True):
        assert torch.equal(x, X[place])
        assert torch.equal(y, Y[place])


@pytest.mark.parametrize("source", SOURCES)
def test_one_content_has_one_fingerprint(source):
    found, expected = scan(SOURCES[source]()), scan(rows_of(TensorDataset(X, Y)))
    assert found.fingerprint == expected.fingerprint
    assert found.labels.tolist() == Y.tolist()
    assert found.schema == expected.schema


def test_tensors_that_lie_side_by_side_are_not_copied():
    rows = rows_of(TensorDataset(X, Y))
    assert isinstance(rows, ColumnRows)
    assert next(rows.blocks())["x"].data_ptr() == X.data_ptr()


@pytest.mark.parametrize("change", ["value", "order", "fewer", "type", "shape", "label"])
def test_any_change_changes_the_fingerprint(change):
    x, y = X.clone(), Y.clone()
    if change == "value":
        x[7, 1] += 1e-6 * x[7, 1]
    elif change == "order":
        x[[2, 3]], y[[2, 3]] = x[[3, 2]], y[[3, 2]]
    elif change == "fewer":
        x, y = x[:-1], y[:-1]
    elif change == "type":
        x = x.double()
    elif change == "shape":
        x = x.view(COUNT, 1, 2)
    else:
        y[0] = 1
    assert scan(rows_of(TensorDataset(x, y))).fingerprint != scan(rows_of(TensorDataset(X, Y))).fingerprint


def test_lengths_are_part_of_the_fingerprint():
    one = [(torch.arange(2), 0), (torch.arange(2, 5), 0)]
    other = [(torch.arange(3), 0), (torch.arange(3, 5), 0)]
    assert scan(rows_of(one)).fingerprint != scan(rows_of(other)).fingerprint


def test_random_augmentation_inside_a_dataset_does_not_change_the_fingerprint():
    before = global_states()
    prints = {scan(rows_of(Augmented(6))).fingerprint for _ in range(2)}
    assert global_states() == before
    torch.rand(3), np.random.rand(3)
    prints.add(scan(rows_of(Augmented(6))).fingerprint)
    assert len(prints) == 1


def test_fixed_randomness_is_repeatable_and_leaves_no_trace():
    before = global_states()
    drawn = []
    for _ in range(2):
        with fixed_randomness(5):
            drawn.append(Augmented(1)[0][0].tolist())
    assert drawn[0] == drawn[1]
    assert global_states() == before
    with fixed_randomness(6):
        assert Augmented(1)[0][0].tolist() != drawn[0]


def test_lengths_found_to_vary_late_are_marked():
    rows = rows_of([(torch.zeros(2), 0), (torch.zeros(2), 0), (torch.zeros(3), 0)])
    assert not rows.schema.leaves["x"].varies
    assert scan(rows).schema.leaves["x"].shape == (None,)
    assert [len(x) for x in rows.leaves(torch.arange(3))["x"]] == [2, 2, 3]


def test_varying_and_fixed_rows_can_be_joined():
    joined = Joined(rows_of([(torch.arange(i), i) for i in range(3)], ["x"]), rows_of([(torch.arange(9), 9)]))
    assert [len(x) for x in joined.leaves(torch.tensor([3, 1, 2]))["x"]] == [9, 1, 2]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([3, 1], [3, 1]),
        ([True, False], [1, 0]),
        ([torch.tensor([3]), torch.tensor([1])], [3, 1]),
        ([0.5, 1.5], None),
        (["a", "b"], None),
        ([(1, 2), (3, 4)], None),
        ([torch.tensor([1, 2]), torch.tensor([1, 2])], None),
    ],
)
def test_labels_are_whole_numbers_one_a_row(labels, expected):
    found = scan(rows_of([(torch.zeros(1), y) for y in labels])).labels
    assert (None if found is None else found.tolist()) == expected


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (torch.zeros(2), "Row 0 of the dataset is a Tensor. A row must be a pair"),
        ((1, 2, 3), "Row 0 of the dataset is a tuple of 3. A row must be a pair"),
        ({"x": 1, "y": 2}, "Row 0 of the dataset is a dict. A row must be a pair"),
    ],
)
def test_a_row_that_is_no_pair_is_named(row, text):
    with pytest.raises(SchemaMismatch, match=text):
        rows_of([row])


def test_a_row_in_the_middle_that_does_not_fit_is_named():
    with pytest.raises(SchemaMismatch, match="row 2: `x` is int64"):
        scan(rows_of([(torch.zeros(1), 0), (torch.zeros(1), 0), (torch.tensor([1]), 0)]))


def test_a_dataset_without_rows_is_an_error():
    with pytest.raises(EmptyChunk, match="The dataset has no rows"):
        DatasetRows([])


@pytest.mark.parametrize("dtype", [torch.bool, torch.bfloat16, torch.float64, torch.uint8])
def test_raw_bytes_are_those_of_the_values_in_order(dtype):
    tensor = torch.tensor([[1, 0, 1], [0, 1, 1]]).to(dtype)
    assert bytes(raw_bytes(tensor.t())) == bytes(raw_bytes(tensor.t().clone()))
    assert len(raw_bytes(tensor)) == 6 * dtype.itemsize
    assert len(raw_bytes(tensor[:0])) == 0


def test_a_subset_may_count_from_the_end():
    rows = rows_of(Subset(TensorDataset(X, Y), [-1, 0, -COUNT]))
    assert rows.leaves(torch.arange(3))["y"].tolist() == [COUNT - 1, 0, 0]


@pytest.mark.parametrize("place", [COUNT, -COUNT - 1])
def test_a_subset_of_rows_that_are_not_there_is_refused(place):
    with pytest.raises(DataError, match=f"A subset names row {place} of a dataset of {COUNT}"):
        rows_of(Subset(TensorDataset(X, Y), [0, place]))


@pytest.mark.parametrize("turned", [False, True])
def test_joined_rows_are_alike_where_one_source_has_numbers_and_the_other_tensors(turned):
    sources = [rows_of([(X[0], 5)]), rows_of(TensorDataset(X[1:2], Y[1:2]))]
    joined = Joined(*(reversed(sources) if turned else sources))
    labels = [y for _, y in joined.items(torch.tensor([0, 1]))]
    assert [*map(type, labels)] == [Tensor if turned else int] * 2
    assert [*map(int, labels)] == ([1, 5] if turned else [5, 1])


def test_named_tuples_come_as_tuples_on_every_way():
    pair = namedtuple("pair", "left right")
    rows = rows_of([(pair(X[0], X[1]), 0)])
    (x, _), (again, _) = rows.items(torch.tensor([0]))[0], rows.schema.unflatten(rows.leaves(torch.tensor([0])))
    assert type(x) is type(again) is tuple


def test_a_number_that_does_not_fit_is_named():
    with pytest.raises(DataError, match="`y` is 1180591620717411303424, which 64 bits cannot hold"):
        rows_of([(X[0], 2**70)])


@pytest.mark.parametrize("dtype", [torch.uint16, torch.uint32, torch.uint64])
def test_types_that_torch_cannot_index_are_joined(dtype):
    rows = rows_of(TensorDataset(X, Y.to(dtype)))
    joined = Joined(rows, Picked(rows, torch.tensor([4])))
    assert joined.leaves(torch.tensor([COUNT, 1]))["y"].tolist() == [4, 1]


def test_rows_with_a_schema_are_not_described_again():
    with pytest.raises(DataError, match="`varying` describes a dataset, but these rows have a schema already"):
        rows_of(rows_of(PAIRS), ["x"])
