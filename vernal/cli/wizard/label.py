"""What kind of question a column of labels asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from vernal.base import DataError, require

T = TypeVar("T")
MOST_CLASSES = 50


@dataclass(frozen=True)
class Label:
    """A column to be predicted.

    Args:
        name: the column.
        classes: the values that stand for classes; None if any number may come.
        codes: the Arrow type in which values are looked up in `classes`; empty if they are 0, 1, 2, ... already.
        mean: of a number that is no class.
        scale: what it varies by: its standard deviation.
        whole: whether such numbers are stored as whole ones.
        gaps: how many of the rows that were looked at have none.
    """

    name: str
    classes: tuple[Any, ...] | None
    codes: str = ""
    mean: float = 0.0
    scale: float = 1.0
    whole: bool = False
    gaps: int = 0

    @property
    def said(self) -> str:
        """What it is, for people."""
        if self.classes is None:
            return f"a number, about {self.mean:g}, varying by {self.scale:g}"
        shown = ", ".join(map(str, self.classes[:6])) + (", ..." if len(self.classes) > 6 else "")
        return f"{len(self.classes)} classes: {shown}"


def label_of(table: Any, name: str) -> Label:
    """What a column of an Arrow table is as a label.

    Texts and flags are classes; so are whole numbers if there are few of them, and decimal numbers if these are whole.

    Raises:
        DataError: it is none of these, or as many texts as no classes are.

    Examples:
        >>> import pyarrow as pa
        >>> label_of(pa.table({"y": ["no", "yes", "no"]}), "y").classes
        ('no', 'yes')
        >>> label_of(pa.table({"y": [0, 1, 1]}), "y").codes
        ''
    """
    column, types = _decoded(table[name]), require("pyarrow", "tables").types
    is_whole = types.is_integer(column.type)
    values = _values(name, column)
    if types.is_boolean(column.type):
        return Label(name, (False, True), gaps=column.null_count)
    if not (is_whole or types.is_floating(column.type)):
        return Label(name, _few(name, values), "string", gaps=column.null_count)
    if len(values) <= MOST_CLASSES and all(float(one).is_integer() for one in values):
        return _numbered(name, [int(one) for one in values], is_whole, column.null_count)
    mean, scale = _spread(column)
    return Label(name, None, "", mean, scale or 1.0, is_whole, column.null_count)


def _decoded(column: Any) -> Any:
    is_coded = require("pyarrow", "tables").types.is_dictionary(column.type)
    return column.cast(column.type.value_type) if is_coded else column


def _values(name: str, column: Any) -> list[Any]:
    """All values that there are, sorted."""
    types = require("pyarrow", "tables").types
    tests = (types.is_boolean, types.is_integer, types.is_floating, types.is_string, types.is_large_string)
    if not any(test(column.type) for test in tests):
        raise DataError(f"Column {name!r} holds {column.type}: neither classes nor numbers. Name another label.")
    values = sorted(require("pyarrow.compute", "tables").unique(column.drop_null()).to_pylist())
    if not values:
        raise DataError(f"Column {name!r} is empty in the rows that were looked at. Name another label.")
    return values


def _spread(column: Any) -> tuple[float, float]:
    """Mean and standard deviation, to three digits."""
    compute = require("pyarrow.compute", "tables")
    known = column.filter(compute.is_finite(column))
    mean, scale = (float(f"{one.as_py():.3g}") for one in (compute.mean(known), compute.stddev(known)))
    return mean, scale


def _numbered(name: str, values: list[int], whole: bool, gaps: int) -> Label:
    """Classes that are numbers: counted from 0 they are what vernal takes, others are looked up."""
    counted = tuple(range(max(2, values[-1] + 1)))
    if whole and values[0] >= 0 and len(counted) <= 2 * len(values):
        return Label(name, counted, gaps=gaps)
    return Label(name, _several(name, values), "int64", gaps=gaps)


def _few(name: str, values: list[str]) -> tuple[str, ...]:
    if len(values) > MOST_CLASSES:
        raise DataError(
            f"Column {name!r} holds {len(values):,} different texts, too many to be classes. Name another label."
        )
    return _several(name, values)


def _several(name: str, values: Sequence[T]) -> tuple[T, ...]:
    if len(values) < 2:
        raise DataError(
            f"Column {name!r} holds nothing but {values[0]!r} in the rows that were looked at, and classes are at "
            "least two. Name another label, or put rows of other classes there."
        )
    return tuple(values)
