from __future__ import annotations

import pytest

from vernal.base import SchemaMismatch
from vernal.sources.columns import arrow_table


@pytest.mark.parametrize(("values", "kind"), [
    ([1, 2], "int64"),
    ([1, None, 2.5], "double"),
    ([True, False], "bool"),
    (["a", None], "string"),
    ([[1, 2], []], "list<item: int64>"),
    ([{"a": 1}, {"b": "x"}], "struct<a: int64, b: string>"),
    ([None, None], "null"),
])  # fmt: skip
def test_values_of_one_kind_are_a_column(values, kind):
    table = arrow_table([{"x": value} for value in values], str)
    assert str(table.schema.field("x").type) == kind


@pytest.mark.parametrize(("values", "said"), [
    ([1, "a"], r"holds a number \(1, row 0\) and text \('a', row 1\)"),
    ([None, True, 1.5], r"holds yes or no \(True, row 1\) and a number \(1.5, row 2\)"),
    (["a", b"b"], r"holds text .* and bytes"),
    ([{"a": 1}, [1]], r"holds an object .* and a list"),
    ([[1], ["a"]], "is no column of one type: Could not convert 'a'"),
    ([2**70], "is no column of one type: .*too large.*at most 64 bits"),
    ([2**60 + 1, 0.5], "is no column of one type: Integer value 1152921504606846977"),
])  # fmt: skip
def test_values_of_two_kinds_are_an_error_with_an_example_of_each(values, said):
    with pytest.raises(SchemaMismatch, match=f"Column 'x' {said}"):
        arrow_table([{"x": value} for value in values], lambda place: f"row {place}")


def test_columns_are_in_the_order_in_which_they_come_up():
    assert arrow_table([{"b": 1}, {"a": 2, "b": 3}], str).column_names == ["b", "a"]
