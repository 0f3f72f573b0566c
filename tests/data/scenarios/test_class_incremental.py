import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from tests.data.scenarios.toys import Unread, of_classes, targets
from vernal.base import DataError, EmptyChunk
from vernal.data.scenarios import ClassIncremental


def test_a_chunk_has_all_rows_of_its_classes_and_a_class_may_come_again():
    scenario = ClassIncremental(groups=((0, 1, 3), (2,), (3, 4)))
    train, test = of_classes(5, 100), of_classes(5, 20)
    chunks = scenario.chunks(train, test)
    assert [len(chunk.train) for chunk in chunks] == [300, 100, 200]
    assert [len(part) for part in chunks[0].tests] == [60, 20, 40]
    assert [sorted({*targets(chunk.train)}) for chunk in chunks] == [[0, 1, 3], [2], [3, 4]]


@given(
    y=st.lists(st.integers(0, 4), min_size=1, max_size=40),
    groups=st.lists(st.sets(st.integers(0, 4), min_size=1), min_size=1, max_size=4),
)
def test_the_size_of_a_chunk_is_the_sum_of_its_class_counts(y, groups):
    parts = ClassIncremental([[*group] for group in groups]).parts(Unread(y))
    assert [len(part) for part in parts] == [sum(map(y.count, group)) for group in groups]


def test_a_class_without_rows_is_an_error_that_names_it():
    rows = of_classes(5, 10)
    with pytest.raises(DataError, match=r"Chunk 1 does not contain classes \[200\]\. Name only those"):
        ClassIncremental(groups=((0, 1), (2, 200))).chunks(rows, test=rows)


def test_test_data_must_have_every_class_and_validation_data_some_of_each_chunk():
    scenario = ClassIncremental(groups=((0, 1), (2,)))
    full, first_two, without_one = of_classes(3, 5), of_classes(2, 5), Unread([0, 0, 2])
    with pytest.raises(DataError, match=r"Chunk 1 does not contain classes \[2\]"):
        scenario.chunks(full, test=first_two)
    with pytest.raises(EmptyChunk, match="Chunk 1 has no rows of the validation data"):
        scenario.chunks(full, test=full, validation=first_two)
    chunks = scenario.chunks(full, test=full, validation=without_one)
    assert [len(chunk.validation) for chunk in chunks] == [2, 1]


def test_cutting_reads_no_row():
    rows = Unread([0, 1, 2, 0])
    assert [len(c.train) for c in ClassIncremental(((0,), (1, 2))).chunks(rows, test=rows)] == [2, 2]


def test_rows_with_several_labels_cannot_be_grouped():
    rows = TensorDataset(torch.zeros(3, 2), torch.zeros(3, 5))
    with pytest.raises(DataError, match=r"The classes of 3 rows have the shape \(3, 5\)"):
        ClassIncremental(groups=((0,),)).parts(rows)
