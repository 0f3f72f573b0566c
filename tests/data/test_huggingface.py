"""The library itself weighs too much for a unit test; a double has what is used of it: names, rows, columns."""

import pytest
import torch

from vernal.base import DataError
from vernal.data import chunk_from_huggingface, id_digests


class Dataset:
    """Columns; a row by a number, a part by a list of numbers, a column by its name."""

    def __init__(self, **columns):
        self._columns = columns
        self.column_names = [*columns]

    def __len__(self):
        return len(next(iter(self._columns.values())))

    def __getitem__(self, key):
        if isinstance(key, str):
            return self._columns[key]
        if isinstance(key, int):
            return {name: values[key] for name, values in self._columns.items()}
        return {name: [values[i] for i in key] for name, values in self._columns.items()}


DATASET = Dataset(
    input_ids=[[1, 2, 3], [4, 5], [6]],
    attention_mask=[[1, 1, 1], [1, 1], [1]],
    text=["one", "two", "three"],
    label=[0, 1, 0],
    key=["a", "b", "c"],
)


def test_several_columns_become_a_dictionary():
    chunk = chunk_from_huggingface(DATASET, ["input_ids", "attention_mask"], "label", id_column="key", name="news")
    assert str(chunk.schema) == "x.attention_mask: int64(*), x.input_ids: int64(*), y: int"
    x, y = chunk[1]
    assert torch.as_tensor(x["input_ids"]).tolist() == [4, 5]
    assert y == 1
    assert chunk.labels.tolist() == [0, 1, 0]
    assert torch.equal(chunk.ids, id_digests(["a", "b", "c"]))
    assert chunk.name == "news"


def test_one_column_becomes_x_itself():
    chunk = chunk_from_huggingface(DATASET, "text", "label")
    assert chunk[2] == ("three", 0)


def test_many_rows_are_fetched_at_once():
    chunk = chunk_from_huggingface(DATASET, "text", "label")
    assert chunk.rows.items(torch.tensor([2, 0])) == [("three", 0), ("one", 0)]


@pytest.mark.parametrize(
    ("inputs", "target", "id_column"),
    [("texts", "label", None), ("text", "labels", None), ("text", "label", "keys"), (["text", "mask"], "label", None)],
)
def test_an_unknown_column_is_named(inputs, target, id_column):
    with pytest.raises(DataError, match="The dataset has no column '(texts|labels|keys|mask)'"):
        chunk_from_huggingface(DATASET, inputs, target, id_column=id_column)
