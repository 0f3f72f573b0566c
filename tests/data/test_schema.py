import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import DataError, SchemaMismatch
from vernal.data import Leaf, Schema

LEAVES = st.one_of(
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False),
    st.booleans(),
    st.text(max_size=5),
    st.sampled_from([torch.float32, torch.int64, torch.bool]).map(lambda dtype: torch.ones(2, 3, dtype=dtype)),
)
KEYS = st.text("abcxyz_", min_size=1, max_size=3)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.lists(inner, min_size=1, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@given(x=VALUES, y=VALUES)
def test_a_row_comes_back_from_its_leaves(x, y):
    schema = Schema.of_row(x, y)
    assert same(schema.row(schema.flatten(x, y)), (x, y))


@given(x=VALUES, y=VALUES)
def test_a_schema_survives_json(x, y):
    schema = Schema.of_row(x, y)
    assert Schema.from_json(schema.to_json()) == schema


def test_a_schema_reads_well():
    x = {"ids": torch.zeros(3, dtype=torch.int64), "image": (np.zeros((2, 2), np.uint8), 1.5)}
    assert str(Schema.of_row(x, "cat")) == "x.ids: int64(3), x.image.0: uint8(2, 2), x.image.1: float, y: str"


def test_numpy_scalars_are_tensors_and_python_scalars_are_not():
    schema = Schema.of_row(np.float64(1), np.int64(1))
    assert [leaf.kind for leaf in schema.leaves.values()] == ["tensor", "tensor"]
    assert Schema.of_row(True, 1).leaves["x"] == Leaf("bool", "bool", ())


def test_the_order_of_keys_does_not_matter():
    assert Schema.of_row({"a": 1, "b": 2}, 0) == Schema.of_row({"b": 2, "a": 1}, 0)


def test_lengths_that_differ_become_varying():
    merged = Schema.of_row(torch.zeros(2, 3), 0).merge(Schema.of_row(torch.zeros(5, 3), 0), "row 1")
    assert str(merged) == "x: float32(*, 3), y: int"
    assert merged.leaves["x"].varies
    merged.check(Schema.of_row(torch.zeros(9, 3), 0), "tuesday")


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (
            torch.zeros(2, 3, dtype=torch.float64),
            r"row 1: `x` is float64\(2, 3\), but earlier rows have float32\(2, 3\)",
        ),
        (torch.zeros(2), r"`x` is float32\(2\), but earlier rows have float32\(2, 3\). All rows of one lineage must"),
        (1.5, r"`x` is float, but earlier rows have float32\(2, 3\)"),
        ({"a": torch.zeros(2, 3)}, r"rows are built as \(x.a: float32\(2, 3\), y: int\), but earlier rows as"),
        ((torch.zeros(2, 3),), "All rows of one lineage must have the same fields"),
        ("text", "`x` is str, but earlier rows have float32"),
    ],
)
def test_rows_that_cannot_lie_together_are_told_apart(other, text):
    with pytest.raises(SchemaMismatch, match=text):
        Schema.of_row(torch.zeros(2, 3), 0).merge(Schema.of_row(other, 0), "row 1")


def test_a_later_chunk_must_have_the_shape_of_the_first():
    with pytest.raises(
        SchemaMismatch, match=r"tuesday: `x` is .*4\), but .*3\). .*say so from the first .*varying=\['x'\]"
    ):
        Schema.of_row(torch.zeros(3), 0).check(Schema.of_row(torch.zeros(4), 0), "tuesday")


def test_varying_can_be_declared():
    schema = Schema.of_row({"ids": torch.zeros(3)}, torch.tensor(0)).with_varying(["x.ids"])
    assert schema.leaves["x.ids"].shape == (None,)
    with pytest.raises(DataError, match="`varying` names 'ids', but the tensors of a row are: x.ids, y"):
        schema.with_varying(["ids"])


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (object(), "`x` is a object. A row is made of tensors"),
        ({"a": None}, "`x.a` is a NoneType"),
        ({1: 2}, "`x` has the key 1. Keys must be text without a dot"),
        ({"a.b": 2}, "`x` has the key 'a.b'"),
        (np.array(["text"]), "`x` is an array of type <U4. "),
        (np.array([object()]), "`x` is an array of type object. "),
        (np.datetime64("2026-01-01"), r"`x` is an array of type datetime64\[D\]. "),
    ],
)
def test_what_is_no_row_is_named(x, text):
    with pytest.raises(DataError, match=text):
        Schema.of_row(x, 0)
