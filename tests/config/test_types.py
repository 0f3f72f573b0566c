"""The types of hyperparameters: what is read from text is what would have been given."""

from __future__ import annotations

from typing import Any, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.config import Type
from vernal.config.types import NotAllowed

VALUES = {
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(),
    list: st.lists(st.integers() | st.text()),
    tuple: st.tuples(st.integers(), st.text()),
}


@given(st.data())
def test_a_value_that_was_written_as_text_is_read_back(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*VALUES]))
    value = data.draw(VALUES[kind])
    assert Type.of(kind).read(str(value)) == value
    assert Type.of(kind).check(value) == value


@given(st.sampled_from([*VALUES]), st.sampled_from(["none", "None", "null", ""]))
def test_an_optional_value_can_be_left_empty(kind: Any, text: str) -> None:
    assert Type.of(Optional[kind]).read(text) is None  # noqa: UP045 - as users of older code write it
    assert Type.of(kind | None).check(None) is None


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [(float, 1, 1.0), (tuple, [1, 2], (1, 2)), (list, (1,), [1]), (tuple[int, ...], [1], (1,))],
)
def test_what_means_the_same_is_taken(kind: Any, value: Any, expected: Any) -> None:
    assert Type.of(kind).check(value) == expected


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (int, "2.5", r"must be int, got 2\.5"),
        (int, "two", "must be int, got 'two'"),
        (int, "True", "must be int, got True"),
        (bool, "2", "must be bool, got 2"),
        (float, "1e999", "must be a finite number, got inf"),
        (list, "{1: 2}", "must be list, got {1: 2}"),
        (int | None, "x", "must be int or None, got 'x'"),
        (Literal["a", "b"], "c", "must be 'a' or 'b', got 'c'"),
    ],
)
def test_what_does_not_fit_is_told(kind: Any, text: str, message: str) -> None:
    with pytest.raises(NotAllowed, match=message):
        Type.of(kind).read(text)


@pytest.mark.parametrize("kind", [dict, int | str, dict[str, int], int | str | None, object, "int", 3])
def test_other_types_are_told_with_those_that_are_allowed(kind: Any) -> None:
    with pytest.raises(NotAllowed, match=r"; allowed are bool, int, float, str, list, tuple, Literal, and Optional of"):
        Type.of(kind)
