"""The predictions and labels that a look must read: no more than what is new since the look before.

All questions here are ranges and members of one index each, so that no database needs statistics to answer them well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select

from vernal.ledger.maturity import Cursor, Maturity, WrittenLabel, WrittenPrediction
from vernal.ledger.tables import LABELS, PREDICTIONS

TOGETHER = 5000  # Ids in one question; SQLite takes no more than 32,766 values.

_PREDICTION, _LABEL = PREDICTIONS.c, LABELS.c
_PREDICTIONS = select(
    _PREDICTION.sequence, _PREDICTION.id, _PREDICTION.time, _PREDICTION.version, _PREDICTION.prediction
)
_LABELS = select(_LABEL.sequence, _LABEL.id, _LABEL.known, _LABEL.label)

Arrived = tuple[WrittenPrediction, Sequence[WrittenLabel]]


def newest(connection: Connection, table: Table) -> int:
    """The sequence number of the row that was written last; 0 if there is none."""
    return connection.execute(select(func.max(table.c.sequence))).scalar_one() or 0


def arrived(connection: Connection, store: str, maturity: Maturity, now: float, since: Cursor | None) -> list[Arrived]:
    """Predictions that are old enough, each with its labels that are known.

    Args:
        connection: reads.
        store: the store's own id.
        maturity: what old enough is.
        now: the time of the look.
        since: only what may have become mature since this look: time went on, or a row was written late.
    """
    predictions = _PREDICTIONS.where(_PREDICTION.store == store, _PREDICTION.time <= maturity.due(now))
    labels = _LABELS.where(_LABEL.store == store, _LABEL.known <= now)
    if since is None:
        return _joined(_rows(connection, predictions), _rows(connection, labels))
    ids = _changed(connection, store, maturity, now, since)
    return [
        pair
        for some in parts(ids)
        for pair in _joined(
            _rows(connection, predictions.where(_PREDICTION.id.in_(some))),
            _rows(connection, labels.where(_LABEL.id.in_(some))),
        )
    ]


def parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids in parts that a question can hold."""
    return (ids[start : start + TOGETHER] for start in range(0, len(ids), TOGETHER))


def _changed(connection: Connection, store: str, maturity: Maturity, now: float, since: Cursor) -> list[str]:
    """Ids of rows whose time has come since a look, and of rows, perhaps of other stores, that were written since."""
    before, due = maturity.due(since["time"]), maturity.due(now)
    questions = [
        select(_PREDICTION.id).where(_PREDICTION.store == store, _PREDICTION.time > before, _PREDICTION.time <= due),
        _written_since(PREDICTIONS, since["predictions"]),
    ]
    if maturity.needs_label:
        known = _LABEL.known > since["time"], _LABEL.known <= now
        questions += [select(_LABEL.id).where(_LABEL.store == store, *known), _written_since(LABELS, since["labels"])]
    return sorted({id for question in questions for id in connection.execute(question).scalars()})


def _written_since(table: Table, sequence: int) -> Select[Any]:
    # The order is of no use but to lead PostgreSQL to the index, where it knows nothing of the table yet.
    return select(table.c.id).where(table.c.sequence > sequence).order_by(table.c.sequence)


def _rows(connection: Connection, question: Select[Any]) -> list[Any]:
    return [tuple(row) for row in connection.execute(question)]


def _joined(predictions: list[Any], labels: list[Any]) -> list[Arrived]:
    by_id = defaultdict[str, list[WrittenLabel]](list)
    for label in map(WrittenLabel._make, labels):
        by_id[label.id].append(label)
    return [(prediction, by_id.get(prediction.id, ())) for prediction in map(WrittenPrediction._make, predictions)]
