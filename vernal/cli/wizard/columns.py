"""What the columns of a table seem to be for, by their names, types and values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from vernal.base import DataError, require
from vernal.cli.wizard.label import label_of

TEXT = "text"
_ID = re.compile(r"(?:.*_)?(?:id|uuid|guid|key)", re.IGNORECASE)
_TIME = re.compile(r"(?:.*_)?(?:time|timestamp|date|datetime|day|ts|at|when|known)", re.IGNORECASE)
_LABEL = ("label", "target", "y", "class", "outcome", "labels", "response", "result")
_FLAG = re.compile(r"(?:is|has|was)_.+", re.IGNORECASE)
_SECONDS = (1e8, 4.2e9)  # 1973 to 2103: smaller numbers are something else, larger ones milliseconds


@dataclass(frozen=True)
class Columns:
    """A proposal.

    Args:
        id: the column of ids; None if none looks like it.
        time: the column of times.
        label: the column to be predicted.
        features: the columns to predict it from.
        left_out: all others, each with the reason.
    """

    id: str | None
    time: str | None
    label: str | None
    features: tuple[str, ...]
    left_out: Mapping[str, str]

    def without(self, name: str) -> Columns:
        """The same, without a feature that is known to be something else."""
        rest = {one: why for one, why in self.left_out.items() if one != name}
        return replace(self, features=tuple(one for one in self.features if one != name), left_out=rest)


def columns_of(
    table: Any,
    id: str | None = None,
    time: str | None = None,
    label: str | None = None,
    features: Collection[str] | None = None,
) -> Columns:
    """Propose what each column of an Arrow table is for.

    Args:
        table: some rows.
        id: the column of ids, if that is known; ``"-"`` for none.
        time: the column of times, likewise.
        label: the column to be predicted, likewise.
        features: the columns to predict from, if they are known.

    Examples:
        >>> import pyarrow as pa
        >>> columns_of(pa.table({"id": ["a", "b"], "at": [1.7e9, 1.8e9], "x": [1, 2], "kind": ["c", "d"], "y": [0, 1]}))
        Columns(id='id', time='at', label='y', features=('x',), left_out={'kind': 'text'})
    """
    names = list(table.column_names)
    id = _named(id, lambda: _first([name for name in names if _is_id(table, name)], ("id",)))
    time = _named(time, lambda: _first([name for name in names if _is_time(table, name)], ("time", "timestamp")))
    special = {id, time}
    label = _named(label, lambda: _label(table, [name for name in names if name not in special]))
    rest = [name for name in names if name not in {*special, label}]
    reasons = {name: _unfit(table, name) for name in rest}
    chosen = tuple(name for name in rest if not reasons[name]) if features is None else tuple(features)
    left_out = {name: reasons[name] or "not asked for" for name in rest if name not in chosen}
    return Columns(id, time, label, chosen, left_out)


def has_gaps(table: Any, features: Collection[str]) -> bool:
    """Whether a feature has missing values."""
    compute = require("pyarrow.compute", "tables")
    return any(
        compute.any(compute.is_null(table[name], nan_is_null=True)).as_py() for name in features if len(table[name])
    )


def example_of(table: Any, columns: Columns) -> tuple[str, str] | None:
    """A column of texts that was left out, and one of its texts; None if there is no such."""
    for name, why in columns.left_out.items():
        if why == TEXT and (texts := table[name].drop_null().to_pylist()):
            return name, str(texts[0])
    return None


def _named(given: str | None, propose: Callable[[], str | None]) -> str | None:
    return propose() if given is None else None if given == "-" else given


def _first(found: list[str], best: Collection[str]) -> str | None:
    """The one with the plainest name, or the first."""
    return next((name for name in found if name.lower() in best), found[0] if found else None)


def _is_id(table: Any, name: str) -> bool:
    types, kind = require("pyarrow", "tables").types, table.schema.field(name).type
    if not _ID.fullmatch(name) or not (types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind)):
        return False
    compute = require("pyarrow.compute", "tables")
    return bool(table[name].null_count == 0 and compute.count_distinct(table[name]).as_py() == table.num_rows)


def _is_time(table: Any, name: str) -> bool:
    types, kind = require("pyarrow", "tables").types, table.schema.field(name).type
    if table[name].null_count:
        return False
    if types.is_timestamp(kind) or types.is_date(kind):
        return True
    if not _TIME.fullmatch(name):
        return False
    if types.is_string(kind):  # As SQLite has it.
        return all(map(_is_iso, table[name].to_pylist()))
    if not (types.is_integer(kind) or types.is_floating(kind)):
        return False
    extent = require("pyarrow.compute", "tables").min_max(table[name]).as_py()
    return bool(_SECONDS[0] <= extent["min"] and extent["max"] <= _SECONDS[1])


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _label(table: Any, names: list[str]) -> str | None:
    """By its name; else the last column that can be one, for that is where many tables have it."""
    plain = {name.lower(): name for name in reversed(names)}
    by_name = [plain[name] for name in _LABEL if name in plain] + [name for name in names if _FLAG.fullmatch(name)]
    return next((name for name in [*by_name, *reversed(names)] if _can_be_label(table, name)), None)


def _can_be_label(table: Any, name: str) -> bool:
    try:
        label_of(table, name)
    except DataError:
        return False
    return True


def _unfit(table: Any, name: str) -> str:
    """Why a column cannot be a feature as it is; empty if it can."""
    types, kind = require("pyarrow", "tables").types, table.schema.field(name).type
    if table[name].null_count == table.num_rows:
        return "empty"
    if _is_id(table, name):
        return "looks like an id"
    if types.is_string(kind) or types.is_large_string(kind) or types.is_dictionary(kind):
        return TEXT
    if types.is_timestamp(kind) or types.is_date(kind):
        return "a time"
    if types.is_boolean(kind):
        return "has gaps" if table[name].null_count else ""
    return "" if types.is_integer(kind) or types.is_floating(kind) else str(kind)
