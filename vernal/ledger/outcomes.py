"""What was predicted, and what came true later: joined by id, and never looked at too early."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Table, delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from vernal.base import DataError, canonical_json
from vernal.ledger.arrivals import arrived, newest, parts
from vernal.ledger.database import Database
from vernal.ledger.maturity import Cursor, Maturity, WrittenPrediction
from vernal.ledger.tables import LABELS, PREDICTIONS


class Prediction(NamedTuple):
    """What a model said of a row.

    Args:
        id: the row's id.
        time: when it was said, in seconds since 1970.
        version: the model that said it.
        prediction: a number, a list of numbers, a text; plain values.
    """

    id: str
    time: float
    version: str
    prediction: Any


class Label(NamedTuple):
    """What came true.

    Args:
        id: the row's id.
        known: when it became known, in seconds since 1970.
        label: plain values, not None.
    """

    id: str
    known: float
    label: Any


class Pair(NamedTuple):
    """A prediction and what came true, both of a time that has passed.

    Args:
        id: the row's id.
        time: when it was predicted, in seconds since 1970.
        version: the model that predicted.
        prediction: what it said.
        label: what came true.
    """

    id: str
    time: float
    version: str
    prediction: Any
    label: Any


class Look(NamedTuple):
    """What a look found.

    Args:
        pairs: in the order of their predictions' times.
        cursor: where the next look goes on; plain values.
    """

    pairs: list[Pair]
    cursor: dict[str, Any]


class Outcomes:
    """Predictions and late labels of one store.

    Both may be written in any order and more than once. The first prediction of an id is the one that counts. A label
    may be corrected: one that became known later is kept beside it, and counts from its time on. Of two labels of one
    id and one time the first counts.

    Args:
        database: where the rows lie.
        store: the store's own id.

    Examples:
        >>> outcomes = Outcomes(Database("sqlite://"), "fraud")
        >>> outcomes.predicted([Prediction("a", 0.0, "fraud:1.0", 0.9), Prediction("b", 50.0, "fraud:1.0", 0.2)])
        >>> outcomes.labelled([Label("a", 70.0, 1)])
        >>> outcomes.mature(now=60.0, maturity_seconds=30.0).pairs  # The label is not known yet.
        []
        >>> outcomes.mature(now=80.0, maturity_seconds=30.0).pairs
        [Pair(id='a', time=0.0, version='fraud:1.0', prediction=0.9, label=1)]
        >>> [(pair.id, pair.label) for pair in outcomes.mature(now=80.0, maturity_seconds=30.0, default=0).pairs]
        [('a', 0), ('b', 0)]
    """

    def __init__(self, database: Database, store: str) -> None:
        self._database = database
        self._store = store

    def predicted(self, rows: Iterable[Prediction]) -> None:
        """Write predictions; those of ids that are there already change nothing.

        Args:
            rows: predictions, or tuples of the same values.

        Raises:
            DataError: a time that is not finite, or a value that JSON does not have. Nothing was written.
        """
        self._write(
            PREDICTIONS,
            [
                {
                    "store": self._store,
                    "id": id,
                    "time": _finite(time, id),
                    "version": version,
                    "prediction": _text(prediction, id),
                }
                for id, time, version, prediction in rows
            ],
        )

    def labelled(self, rows: Iterable[Label]) -> None:
        """Write labels; those of an id and a time that are there already change nothing.

        Args:
            rows: labels, or tuples of the same values.

        Raises:
            DataError: a time that is not finite, or a value that JSON does not have. Nothing was written.
        """
        self._write(
            LABELS,
            [
                {"store": self._store, "id": id, "known": _finite(known, id), "label": _text(label, id)}
                for id, known, label in rows
            ],
        )

    def known(self, ids: Sequence[str], at: float) -> dict[str, Any]:
        """The labels of some rows as they were known at a time; of rows without one, nothing.

        Args:
            ids: the rows' ids.
            at: the time, in seconds since 1970.
        """
        found: dict[str, Any] = {}
        known = select(LABELS.c.id, LABELS.c.label).where(LABELS.c.store == self._store, LABELS.c.known <= at)
        with self._database.reading() as connection:
            for some in parts(ids):
                wanted = known.where(LABELS.c.id.in_(some)).order_by(LABELS.c.known)
                found |= {row.id: json.loads(row.label) for row in connection.execute(wanted)}
        return found

    def mature(self, now: float, maturity_seconds: float, since: Cursor | None = None, default: Any = None) -> Look:
        """The pairs that have come to maturity.

        A pair is mature when its prediction is `maturity_seconds` old and its label is known. Labels count as they are
        known at `now`. With a default, a pair is mature when its prediction is `maturity_seconds` old: labels that
        became known within that time count, and where there is none the default does ("no click within a day is no
        click"). So the answer does not depend on when one looks.

        Looks that go on from one another's cursor, with the same `maturity_seconds`, find every mature pair once,
        those included whose rows were written late. A clock that went back finds nothing.

        Args:
            now: the time of the look, in seconds since 1970; nothing of a later time is used.
            maturity_seconds: how old a prediction must be.
            since: the cursor of the look before; None to find all.
            default: what it means that no label came; None: nothing.
        """
        if since is not None and now < since["time"]:
            return Look([], dict(since))
        maturity = Maturity(maturity_seconds, needs_label=default is None)
        with self._database.reading() as connection:
            look = {"time": now, "predictions": newest(connection, PREDICTIONS), "labels": newest(connection, LABELS)}
            found = arrived(connection, self._store, maturity, now, since)
        pairs = [
            _pair(prediction, maturity.label(prediction, labels, now), default)
            for prediction, labels in found
            if maturity.reached(prediction, labels, look)
            and (since is None or not maturity.reached(prediction, labels, since))
        ]
        return Look(sorted(pairs, key=lambda pair: (pair.time, pair.id)), look)

    def erase(self, ids: Sequence[str]) -> int:
        """Remove all predictions and labels of some rows; how many that were. Done again, it removes none.

        A file of SQLite keeps nothing of them. PostgreSQL gives up their room when it cleans its tables.

        Args:
            ids: the rows' ids.

        Raises:
            ConflictError: somebody else was in the middle of reading for too long; do it again.
        """
        count = 0
        with self._database.writing() as connection:
            for table in (PREDICTIONS, LABELS):
                for some in parts(ids):
                    theirs = delete(table).where(table.c.store == self._store, table.c.id.in_(some))
                    count += connection.execute(theirs).rowcount
        self._database.compact()
        return count

    def discard(self, before: float) -> int:
        """Remove predictions of before a time, and labels that were known before it; how many that were.

        Labels of rows whose predictions stay, stay too. The file of SQLite keeps the room for rows to come.

        Args:
            before: the time, in seconds since 1970.
        """
        prediction, label = PREDICTIONS.c, LABELS.c
        kept = select(prediction.id).where(prediction.store == self._store)
        old = label.store == self._store, label.known < before, label.id.not_in(kept)
        with self._database.writing() as connection:
            gone = delete(PREDICTIONS).where(prediction.store == self._store, prediction.time < before)
            return connection.execute(gone).rowcount + connection.execute(delete(LABELS).where(*old)).rowcount

    def _write(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_from_arrays(table, rows))
            else:
                connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)


def _from_arrays(table: Table, rows: list[dict[str, Any]]) -> postgresql.Insert:
    """One statement with an array for each column: a third of the time that rows take one by one."""
    columns = [table.c[name] for name in rows[0]]
    arrays = [literal([row[column.name] for row in rows], ARRAY(column.type)) for column in columns]
    unnested = select(*(func.unnest(array) for array in arrays))
    return postgresql.insert(table).from_select(columns, unnested).on_conflict_do_nothing()


def _pair(prediction: WrittenPrediction, label: str | None, default: Any) -> Pair:
    outcome = default if label is None else json.loads(label)
    return Pair(prediction.id, prediction.time, prediction.version, json.loads(prediction.prediction), outcome)


def _finite(time: float, id: str) -> float:
    if not math.isfinite(time):
        raise DataError(f"The time of row {id!r} is {time}. Give seconds since 1970.")
    return float(time)


def _text(value: Any, id: str) -> str:
    if value is None:
        raise DataError(f"Row {id!r} has None. Leave out what is not known.")
    try:
        return canonical_json(value).decode()
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Row {id!r} has {value!r}, which JSON does not have ({error}). Give finite numbers, texts, lists."
        ) from error
