"""Which predictions are mature at a moment, and which were not at an earlier one; as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, select, union

from vernal.ledger.tables import LABELS, PREDICTIONS

# The time of a look, and the newest predictions and labels that were written by then.
Cursor = Mapping[str, Any]

_PREDICTION = PREDICTIONS.c
_LABEL = LABELS.c
_OF_THE_PREDICTION = and_(_LABEL.store == _PREDICTION.store, _LABEL.id == _PREDICTION.id)


@dataclass(frozen=True)
class Moment:
    """What can be seen at one time.

    Args:
        store: the store's own id.
        now: the time, in seconds since 1970.
        maturity: how old a prediction must be, in seconds.
        needs_label: whether a prediction without a label stays immature, however old.
    """

    store: str
    now: float
    maturity: float
    needs_label: bool

    def new_since(self, cursor: Cursor | None) -> Select[Any]:
        """The pairs that are mature now, and were not at an earlier look; the label is NULL where none counts."""
        wanted = select(
            _PREDICTION.id, _PREDICTION.time, _PREDICTION.version, _PREDICTION.prediction, self._label().label("label")
        ).where(_PREDICTION.store == self.store, _PREDICTION.time <= self.now - self.maturity)
        if self.needs_label:
            wanted = wanted.where(_is_labelled(_LABEL.known <= self.now))
        if cursor is not None:
            wanted = wanted.where(_PREDICTION.id.in_(self._changed(cursor)), ~self._was_mature(cursor))
        return wanted.order_by(_PREDICTION.time, _PREDICTION.id)

    def _label(self) -> ColumnElement[Any]:
        """The latest label that counts."""
        wanted = select(_LABEL.label).where(_OF_THE_PREDICTION, _LABEL.known <= self.now)
        if not self.needs_label:
            wanted = wanted.where(_LABEL.known <= _PREDICTION.time + self.maturity)
        return wanted.order_by(_LABEL.known.desc()).limit(1).correlate(PREDICTIONS).scalar_subquery()

    def _changed(self, cursor: Cursor) -> CompoundSelect[Any]:
        """Ids that may have become mature since a look: time went on, or a row was written late.

        This only narrows down where `_was_mature` must be asked; here indexes help.
        """
        due = _PREDICTION.time <= self.now - self.maturity
        predictions = select(_PREDICTION.id).where(_PREDICTION.store == self.store, due)
        changed = [
            predictions.where(_PREDICTION.time > cursor["time"] - self.maturity),
            predictions.where(_PREDICTION.sequence > cursor["predictions"]),
        ]
        if self.needs_label:
            labels = select(_LABEL.id).where(_LABEL.store == self.store, _LABEL.known <= self.now)
            changed += [
                labels.where(_LABEL.known > cursor["time"]),
                labels.where(_LABEL.sequence > cursor["labels"]),
            ]
        return union(*changed)

    def _was_mature(self, cursor: Cursor) -> ColumnElement[bool]:
        """Whether an earlier look found the pair: the rows were written by then, and their times had come."""
        was = and_(_PREDICTION.sequence <= cursor["predictions"], _PREDICTION.time <= cursor["time"] - self.maturity)
        if not self.needs_label:
            return was
        return and_(was, _is_labelled(_LABEL.known <= cursor["time"], _LABEL.sequence <= cursor["labels"]))


def _is_labelled(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_OF_THE_PREDICTION, *conditions).correlate(PREDICTIONS)
