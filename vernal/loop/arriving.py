"""What came since the last look: rows, their labels, measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from vernal.base import DataError, Decision, Unreachable
from vernal.data import read_table, seconds
from vernal.ledger import Decided, Outcomes
from vernal.loop.maturing import is_due, matured, write_down
from vernal.loop.policy import LABELS, PREDICTIONS, Policy, of_metric
from vernal.loop.served import mature_answers, write_answers
from vernal.loop.state import MOST, LoopState, Piece, rows_of
from vernal.sources import Arrival, Cursor, Source

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Arrived:
    """What a look found.

    Args:
        pieces: rows that can be learned from now on.
        values: measurements by name, ``(n, 2)``: time and value.
        decisions: what was left out, and why.
    """

    pieces: Sequence[Piece] = ()
    values: Mapping[str, Array] = field(default_factory=dict)
    decisions: Sequence[Decided] = ()

    @property
    def is_news(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.pieces or self.values)

    @property
    def rows(self) -> int:
        """How many rows can be learned from now on."""
        return rows_of(self.pieces)


class Door:
    """Where everything comes in. It keeps nothing but tables in the inbox: how far it read is in the state.

    Args:
        policy: names the sources.
        outcomes: late labels.
        inbox: a folder for tables that were read from streams, or joined with labels.
    """

    def __init__(self, policy: Policy, outcomes: Outcomes, inbox: Path) -> None:
        self._policy, self._outcomes, self._inbox = policy, outcomes, inbox

    def look(self, state: LoopState, now: datetime) -> tuple[LoopState, Arrived]:
        """The state when everything was read that has come, and what that is.

        Raises:
            DataError: a source cannot be read. Nothing is lost: the cursors stay where they were.
        """
        cursors = dict(state.cursors)
        came = [
            Piece.of(name, arrival, now.timestamp())
            for name, source in self._policy.streams.items()
            for arrival in self._drained(name, source, cursors, now)
        ]
        self._read_labels(cursors, now)
        values, answers = self._judged(state.answers, cursors, now)
        values |= {name: self._measured(name, source, cursors, now) for name, source in self._policy.metrics.items()}
        new, again = state.unknown(came)
        told = [Decided(now, "noticed", piece.source, _came_again(piece)) for piece in again]
        state = replace(state, cursors=cursors, answers=answers, raw=(*state.raw, *new))
        state, ripe, more = self._ripened(state, now)
        return state, Arrived(ripe, {name: found for name, found in values.items() if len(found)}, [*told, *more])

    def _drained(self, name: str, source: Source, cursors: dict[str, Cursor], now: datetime) -> list[Arrival]:
        """All that a source has; it may give it in pieces."""
        found = []
        while (arrival := source.poll(cursors.get(name), now, self._inbox)) is not None:
            cursors[name] = arrival.cursor
            if arrival.rows:
                found.append(arrival)
        return found

    def _read_labels(self, cursors: dict[str, Cursor], now: datetime) -> None:
        labels = self._policy.labels
        if labels is not None:
            for arrival in self._drained(LABELS, labels.source, cursors, now):
                write_down(labels, arrival.files, self._outcomes)

    def _judged(
        self, since: Mapping[str, Any] | None, cursors: dict[str, Cursor], now: datetime
    ) -> tuple[dict[str, Array], Mapping[str, Any] | None]:
        """How good the service's answers were whose labels have come to maturity, and where to go on."""
        predictions, labels = self._policy.predictions, self._policy.labels
        if predictions is None or labels is None:
            return {}, since
        for arrival in self._drained(PREDICTIONS, predictions.source, cursors, now):
            write_answers(predictions, arrival.files, self._outcomes)
        return mature_answers(labels, self._outcomes, since, now)

    def _measured(self, name: str, source: Source, cursors: dict[str, Cursor], now: datetime) -> Array:
        arrivals = self._drained(of_metric(name), source, cursors, now)
        return _measurements([file for arrival in arrivals for file in arrival.files], name)

    def _ripened(self, state: LoopState, now: datetime) -> tuple[LoopState, list[Piece], list[Decided]]:
        """Pieces whose labels are mature go from the raw ones to those that can be learned."""
        if self._policy.labels is None:
            return replace(state, raw=(), ready=(*state.ready, *state.raw)), [*state.raw], []
        ripe: list[Piece] = []
        raw: list[Piece] = []
        aside: list[Piece] = []
        told: list[Decided] = []
        for piece in state.raw:
            if not is_due(self._policy.labels, piece, now):
                raw.append(piece)
                continue
            try:
                joined = matured(self._policy.labels, piece, self._outcomes, now, self._inbox)
            except Unreachable:
                raise
            except DataError as error:
                aside.append(piece)
                told.append(Decided(now, "noticed", piece.source, _unusable(piece, error)))
                continue
            if joined is None:
                told.append(Decided(now, "noticed", piece.source, _no_label(piece)))
            else:
                ripe.append(joined)
        state = replace(state, raw=tuple(raw), ready=(*state.ready, *ripe), aside=(*state.aside, *aside)[-MOST:])
        return state, ripe, told


def _came_again(piece: Piece) -> Decision:
    why = f"{piece.rows} rows came that had come before, in {', '.join(piece.files)}. They count once."
    return Decision("dropped", why, {"rows": piece.rows, "digest": piece.digest})


def _no_label(piece: Piece) -> Decision:
    why = f"None of {piece.rows} rows in {', '.join(piece.files)} has a label, and they are old enough to have one."
    return Decision("dropped", why, {"rows": piece.rows, "digest": piece.digest})


def _unusable(piece: Piece, error: DataError) -> Decision:
    why = f"{piece.rows} rows cannot be joined with labels, and are set aside. {error}"
    return Decision("failed", why, {"rows": piece.rows, "digest": piece.digest})


def _measurements(files: Sequence[str], name: str) -> Array:
    """Times and values of the tables of a metric, ``(n, 2)``, in the order of their times."""
    tables = [read_table(file) for file in files]
    for table in tables:
        if missing := sorted({"time", "value"} - {*table.column_names}):
            lacking = " and no ".join(missing)
            raise DataError(f"The tables of metric {name!r} need the columns time and value, and have no {lacking}.")
    if not tables:
        return np.zeros((0, 2))
    times = np.concatenate([seconds(np.asarray(table.column("time").to_pylist())) for table in tables])
    try:
        values = np.concatenate([np.asarray(table.column("value").to_pylist(), np.float64) for table in tables])
    except (TypeError, ValueError) as error:
        raise DataError(f"The values of metric {name!r} must be numbers: {error}.") from error
    return np.stack([times, values], axis=1)[np.argsort(times, kind="stable")]
