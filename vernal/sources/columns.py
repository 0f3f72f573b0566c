"""Rows of plain values as columns of an Arrow table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vernal.base import SchemaMismatch, require

_KINDS = {bool: "yes or no", int: "a number", float: "a number", str: "text", bytes: "bytes", dict: "an object"}
_KINDS |= {list: "a list"}


def arrow_table(rows: Sequence[Mapping[str, Any]], where: Callable[[int], str]) -> Any:
    """A table with a column for every name that occurs; a row that lacks one has null there.

    Args:
        rows: at least one, by the names of columns.
        where: says of the place of a row where it came from, for messages.

    Raises:
        SchemaMismatch: a column holds values of two kinds, or numbers that 64 bits cannot hold.

    Examples:
        >>> arrow_table([{"price": 1, "kind": "a"}, {"price": 1.5}], str).to_pylist()
        [{'price': 1.0, 'kind': 'a'}, {'price': 1.5, 'kind': None}]
    """
    arrow = require("pyarrow", "tables")
    names = dict.fromkeys(name for row in rows for name in row)
    return arrow.table({name: _column(arrow, name, [row.get(name) for row in rows], where) for name in names})


def _column(arrow: Any, name: str, values: Sequence[Any], where: Callable[[int], str]) -> Any:
    _check_kinds(name, values, where)
    try:
        return arrow.array(values)
    except (arrow.ArrowException, OverflowError) as error:
        raise SchemaMismatch(
            f"Column {name!r} is no column of one type: {error} (rows from {where(0)} on). "
            "Send one type, and numbers of at most 64 bits."
        ) from error


def _check_kinds(name: str, values: Sequence[Any], where: Callable[[int], str]) -> None:
    if len({*map(type, values)} - {type(None)}) < 2:
        return
    first: dict[str, int] = {}
    for place, value in enumerate(values):
        if value is not None:
            first.setdefault(_KINDS.get(type(value), type(value).__name__), place)
    if len(first) > 1:
        found = " and ".join(f"{kind} ({values[place]!r}, {where(place)})" for kind, place in first.items())
        raise SchemaMismatch(f"Column {name!r} holds {found}. A column has one type: send, or decode, one kind only.")
