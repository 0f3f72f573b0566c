import pytest
import torch

from vernal.data import Fixed, Leaf, Ragged, make_column


def test_rows_of_one_shape_lie_side_by_side():
    column = make_column(Leaf("tensor", "float32", (2,)), [torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])])
    assert isinstance(column, Fixed)
    assert len(column) == 2
    assert column.gather(torch.tensor([1, 0, 1])).tolist() == [[3, 4], [1, 2], [3, 4]]


def test_rows_of_many_shapes_come_back_in_theirs():
    rows = [torch.arange(6).view(2, 3), torch.empty(0, 3, dtype=torch.int64), torch.arange(3).view(1, 3)]
    column = make_column(Leaf("tensor", "int64", (None, 3)), rows)
    assert isinstance(column, Ragged)
    assert len(column) == 3
    assert all(map(torch.equal, column.gather(torch.tensor([2, 0, 1])), [rows[2], rows[0], rows[1]]))


def test_what_is_gathered_is_a_copy():
    column = make_column(Leaf("tensor", "int64", (None,)), [torch.arange(3)])
    column.gather(torch.tensor([0]))[0].zero_()
    assert column.gather(torch.tensor([0]))[0].tolist() == [0, 1, 2]


def test_no_rows_make_an_empty_column():
    assert len(make_column(Leaf("tensor", "float32", (2,)), [])) == 0
    assert len(make_column(Leaf("tensor", "float32", (None,)), [])) == 0


@pytest.mark.parametrize("dtype", [torch.uint16, torch.uint32, torch.uint64])
def test_types_that_torch_cannot_index_are_gathered(dtype):
    values = torch.tensor([[1, 2], [3, dtype_max(dtype)]], dtype=dtype)
    gathered = Fixed(values).gather(torch.tensor([1, 0, 1]))
    assert gathered.dtype == dtype
    assert gathered.tolist() == [values.tolist()[i] for i in (1, 0, 1)]


def dtype_max(dtype):
    return torch.iinfo(dtype).max
