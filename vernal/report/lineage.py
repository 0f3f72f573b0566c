"""Records, as a report looks at them: scores by chunk and update, and what each update cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vernal.base import DataError
from vernal.report.scale import Scale

Record = Mapping[str, Any]


@dataclass(frozen=True)
class MeasuredChunk:
    """A chunk with validation rows.

    Args:
        number: of the update that learned it.
        name: as the data calls it.
        rows: validation rows.
    """

    number: int
    name: str
    rows: int


@dataclass(frozen=True)
class Update:
    """One update. Scores are values of the record's headline metric; None where nothing was measured.

    Args:
        record: where all of this comes from.
        chunks: the chunks that were measured.
        scores: after the update, by the number of the chunk.
        start: on its own chunk, before it was learned; None for a first update, whose model knew nothing.
        average: over all chunks so far, every chunk counting the same.
        forgetting: how far earlier chunks lie below their best.
    """

    record: Record
    chunks: tuple[MeasuredChunk, ...]
    scores: Mapping[int, float]
    start: float | None
    average: float | None
    forgetting: float | None

    @classmethod
    def of(cls, record: Record) -> Update:
        """Read a record."""
        metrics = record["metrics"]
        metric, table, summary = metrics["headline"], metrics["validation"], metrics["summary"]
        own = [row for row in table if row["number"] == record["number"]]
        return cls(
            record=record,
            chunks=tuple(MeasuredChunk(row["number"], row["chunk"], row["rows"]) for row in table),
            # A score that was not a finite number is None in the record, and as good as not measured.
            scores={row["number"]: row["after"][metric] for row in table if row["after"][metric] is not None},
            start=own[0]["before"][metric] if own and record["parent"] else None,
            average=summary.get(f"average_{metric}"),
            forgetting=summary.get("forgetting"),
        )

    @property
    def number(self) -> int:
        """How many updates the model has had, this one included."""
        return int(self.record["number"])

    @property
    def chunk(self) -> str:
        """The name of what it learned."""
        return str(self.record["chunk"]["name"])

    @property
    def own(self) -> float | None:
        """The score on its own chunk, after it was learned."""
        return self.scores.get(self.number)

    @property
    def samples(self) -> int:
        """Rows that went through the training, replayed ones included."""
        return int(self.record["costs"]["samples"])

    @property
    def replayed(self) -> int:
        """How many of these came from memory."""
        return int(self.record["training"]["replayed"])

    @property
    def seconds(self) -> float:
        """How long it took, without the start of the process."""
        return float(self.record["costs"]["total_seconds"])

    @property
    def training_seconds(self) -> float:
        """How much of that was training."""
        return float(self.record["costs"]["seconds"]["train"])


@dataclass(frozen=True)
class Lineage:
    """Updates that follow each other.

    Args:
        updates: oldest first.
        metric: what is followed.
        higher_is_better: False for errors and losses.
    """

    updates: tuple[Update, ...]
    metric: str
    higher_is_better: bool

    @classmethod
    def of(cls, records: Sequence[Record]) -> Lineage:
        """Read the records of a lineage, oldest first.

        Raises:
            DataError: there is none, one does not follow from the one before it, or they measure different things.
        """
        if not records:
            raise DataError("There is no record to report on. Run an update first.")
        for before, after in zip(records, records[1:], strict=False):
            if after["parent"] != before["id"]:
                raise DataError(
                    f"Update {after['id']} does not follow from {before['id']}. A report tells of one lineage, oldest "
                    "first: pass `store.lineage(...)`."
                )
        headlines = {(record["metrics"]["headline"], record["metrics"]["higher_is_better"]) for record in records}
        if len(headlines) > 1:
            names = ", ".join(sorted(name for name, _ in headlines))
            raise DataError(f"The updates are judged by different metrics: {names}. Report on those of one metric.")
        ((metric, higher_is_better),) = headlines
        return cls(tuple(Update.of(record) for record in records), metric, higher_is_better)

    @property
    def last(self) -> Update:
        """The newest update."""
        return self.updates[-1]

    @property
    def chunks(self) -> list[MeasuredChunk]:
        """The chunks that were ever measured, in the order in which they came; each as it was measured last."""
        latest = {chunk.number: chunk for update in self.updates for chunk in update.chunks}
        return [latest[number] for number in sorted(latest)]

    @property
    def scale(self) -> Scale:
        """How scores of this lineage are written and coloured."""
        values = [score for update in self.updates for score in update.scores.values()]
        starts = [update.start for update in self.updates if update.start is not None]
        return Scale.over(self.metric, self.higher_is_better, [*values, *starts])

    @property
    def samples(self) -> int:
        """Rows that went through the training in all updates."""
        return sum(update.samples for update in self.updates)

    @property
    def replayed(self) -> int:
        """How many of these came from memory."""
        return sum(update.replayed for update in self.updates)

    @property
    def seconds(self) -> float:
        """How long all updates took."""
        return sum(update.seconds for update in self.updates)

    @property
    def training_seconds(self) -> float:
        """How much of that was training."""
        return sum(update.training_seconds for update in self.updates)

    def ahead(self, update: Update) -> Mapping[int, float]:
        """What the model of an update said of the chunk that came next, before it was learned."""
        place = self.updates.index(update) + 1
        if place == len(self.updates) or (start := self.updates[place].start) is None:
            return {}
        return {self.updates[place].number: start}
