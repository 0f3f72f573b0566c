"""Rows and labels that come later: joined when the rows are old enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from vernal.base import DataError, did_you_mean, period, require
from vernal.data import read_table, seconds
from vernal.ledger import Label, Outcomes
from vernal.loop.policy import Labels
from vernal.loop.state import Piece
from vernal.sources import land


def write_down(labels: Labels, files: Sequence[str], outcomes: Outcomes) -> None:
    """Keep the labels of some tables; those that are there already change nothing.

    Raises:
        DataError: a column is missing, or a label has no time.
    """
    for file in files:
        table = read_table(file)
        ids, values, times = (_column(table, name, file) for name in (labels.id, labels.label, labels.time))
        known = seconds(times)
        outcomes.labelled(
            Label(str(id), float(time), value)
            for id, time, value in zip(ids, known, values, strict=True)
            if value is not None
        )


def matured(labels: Labels, piece: Piece, outcomes: Outcomes, now: datetime, inbox: Path) -> Piece | None:
    """A piece with the labels that count: those that were known when its rows were old enough.

    Returns:
        The piece with a new table; None if no row of it has a label.

    Raises:
        DataError: the rows cannot be read, or have no column of ids.
        StateError: there is no room for the new table.
    """
    arrow = require("pyarrow", "tables")
    table = arrow.concat_tables([read_table(file) for file in piece.files], promote_options="permissive")
    ids = [str(id) for id in _column(table, labels.id, piece.files[0])]
    due = _due(labels, piece)
    known: Mapping[str, Any] = outcomes.known(ids, min(due, now.timestamp()))
    found = [known.get(id, labels.default) for id in ids]
    there = [value is not None for value in found]
    if not any(there):
        return None
    column = _alike([value for value in found if value is not None], labels.label)
    table = table.filter(arrow.array(there))
    if labels.label in table.column_names:
        table = table.drop_columns([labels.label])
    table = table.append_column(labels.label, column)
    span = np.array([piece.came if time is None else time for time in (piece.since, piece.until)])
    arrival = land(table, span, inbox, "labelled", None, {"rows": piece.digest})
    return replace(piece, files=arrival.files, rows=arrival.rows, labelled=True)


def _alike(values: Sequence[Any], name: str) -> Any:
    """Labels as an Arrow array.

    Raises:
        DataError: some are texts and others numbers, for instance.
    """
    arrow = require("pyarrow", "tables")
    try:
        return arrow.array(values)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError) as error:
        kinds = {type(value).__name__: value for value in values}
        found = ", ".join(f"{value!r} ({kind})" for kind, value in sorted(kinds.items()))
        raise DataError(f"Labels of {name!r} are of several types: {found}. Write all of them alike.") from error


def is_due(labels: Labels, piece: Piece, now: datetime) -> bool:
    """Whether the youngest row of a piece is old enough."""
    return _due(labels, piece) <= now.timestamp()


def _due(labels: Labels, piece: Piece) -> float:
    return piece.youngest + period(labels.maturity).total_seconds()


def _column(table: Any, name: str, file: str) -> Any:
    if name not in table.column_names:
        raise DataError(f"{file} has no column {name!r}. {did_you_mean(name, table.column_names)}")
    return table.column(name).to_pylist()
