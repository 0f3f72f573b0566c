"""What a loop must remember, and every decision that was ever made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from vernal.base import ConflictError, Decision, canonical_json
from vernal.ledger.database import Database
from vernal.ledger.tables import DECISIONS, LOOPS


@dataclass(frozen=True)
class Decided:
    """A decision in the ledger; written once and never changed.

    Args:
        time: when it was made, with its time zone. In UTC when it comes out of the ledger.
        kind: who decided: ``"trigger"``, ``"gate"``, ``"update"``, ``"promotion"``, ...
        subject: what it was about: a trigger's name, a version.
        decision: outcome, why and evidence.
        loop: the loop that it belongs to. Given by the ledger, as are the next two.
        generation: the step of the loop that it was written in.
        id: its number in the database, in the order of writing.
    """

    time: datetime
    kind: str
    subject: str
    decision: Decision
    loop: str = ""
    generation: int = 0
    id: int = 0

    @property
    def outcome(self) -> str:
        """The answer."""
        return self.decision.outcome

    @property
    def why(self) -> str:
        """One sentence for people."""
        return self.decision.why

    @property
    def evidence(self) -> Mapping[str, Any]:
        """What it rests on; plain values."""
        return self.decision.evidence


class Loops:
    """Where the loops of one store stand, each with a state of plain values.

    A step writes the new state and what was decided on the way to it, both or nothing. Of several processes that step
    from the same generation one wins, so that two schedulers on one ledger act once.

    Args:
        database: where the rows lie.
        store: the store's own id.

    Examples:
        >>> loops = Loops(Database("sqlite://"), "fraud")
        >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        >>> decided = Decided(noon, "trigger", "volume", Decision("update", "500 rows came, and 500 are enough"))
        >>> loops.step("nightly", 0, {"cursor": 500}, [decided])
        1
        >>> loops.read("nightly")
        (1, {'cursor': 500})
        >>> [(one.kind, one.outcome) for one in loops.decisions()]
        [('trigger', 'update')]
    """

    def __init__(self, database: Database, store: str) -> None:
        self._database = database
        self._store = store

    def read(self, loop: str) -> tuple[int, dict[str, Any]] | None:
        """The generation that a loop stands at and its state; None if it never made a step."""
        wanted = select(LOOPS.c.generation, LOOPS.c.state).where(LOOPS.c.store == self._store, LOOPS.c.loop == loop)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else (row.generation, json.loads(row.state))

    def step(self, loop: str, generation: int, state: Mapping[str, Any], decisions: Sequence[Decided] = ()) -> int:
        """Go on to the next generation.

        Args:
            loop: its name.
            generation: the one that this step was decided upon, 0 if the loop never made one.
            state: what to remember from now on; plain values.
            decisions: what was decided.

        Returns:
            The new generation.

        Raises:
            ConflictError: another process has made a step from there; nothing was written.
            ConnectionLost: whether the step was made is not known; read again.
        """
        text = canonical_json(state).decode()
        rows = [self._row(loop, generation + 1, decided) for decided in decisions]
        with self._database.writing() as connection:
            if not self._moved(connection, loop, generation, text):
                raise ConflictError(
                    f"Loop {loop!r} has left generation {generation}: another process has made a step. "
                    "Read its state and decide again."
                )
            if rows:
                connection.execute(insert(DECISIONS), rows)
        return generation + 1

    def decisions(
        self,
        loop: str | None = None,
        kind: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> list[Decided]:
        """What was decided, newest first.

        Args:
            loop: of this loop only.
            kind: of this kind only.
            since: not earlier than this, with its time zone.
            limit: at most so many.
        """
        wanted = select(DECISIONS).where(DECISIONS.c.store == self._store)
        if loop is not None:
            wanted = wanted.where(DECISIONS.c.loop == loop)
        if kind is not None:
            wanted = wanted.where(DECISIONS.c.kind == kind)
        if since is not None:
            wanted = wanted.where(DECISIONS.c.time >= _utc(since))
        newest_first = wanted.order_by(DECISIONS.c.time.desc(), DECISIONS.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [_decided(row) for row in connection.execute(newest_first)]

    def outcomes(self, kind: str) -> dict[str, str]:
        """The latest outcome about every subject, without why and evidence.

        Args:
            kind: of decisions, such as ``"gate"``.
        """
        wanted = select(DECISIONS.c.subject, DECISIONS.c.outcome).where(
            DECISIONS.c.store == self._store, DECISIONS.c.kind == kind
        )
        oldest_first = wanted.order_by(DECISIONS.c.time, DECISIONS.c.id)
        with self._database.reading() as connection:
            return {row.subject: row.outcome for row in connection.execute(oldest_first)}

    def states(self) -> dict[str, dict[str, Any]]:
        """The states of all loops of the store, by their names."""
        wanted = select(LOOPS.c.loop, LOOPS.c.state).where(LOOPS.c.store == self._store).order_by(LOOPS.c.loop)
        with self._database.reading() as connection:
            return {row.loop: json.loads(row.state) for row in connection.execute(wanted)}

    def _moved(self, connection: Connection, loop: str, generation: int, state: str) -> bool:
        """Compare and swap. Writers take turns, so what is compared stays as it is."""
        at = (LOOPS.c.store == self._store, LOOPS.c.loop == loop)
        found = connection.execute(select(LOOPS.c.generation).where(*at)).scalar_one_or_none()
        if (found or 0) != generation:
            return False
        values = {"generation": generation + 1, "state": state}
        if found is None:
            connection.execute(insert(LOOPS).values(store=self._store, loop=loop, **values))
        else:
            connection.execute(update(LOOPS).where(*at).values(values))
        return True

    def _row(self, loop: str, generation: int, decided: Decided) -> dict[str, Any]:
        return {
            "store": self._store,
            "loop": loop,
            "generation": generation,
            "time": _utc(decided.time),
            "kind": decided.kind,
            "subject": decided.subject,
            "outcome": decided.outcome,
            "why": decided.why,
            "evidence": canonical_json(decided.evidence).decode(),
            "fires": decided.decision.fires,
        }


def _decided(row: Row[Any]) -> Decided:
    return Decided(
        time=datetime.fromisoformat(row.time),
        kind=row.kind,
        subject=row.subject,
        decision=Decision(row.outcome, row.why, json.loads(row.evidence), row.fires),
        loop=row.loop,
        generation=row.generation,
        id=row.id,
    )


def _utc(time: datetime) -> str:
    """ISO 8601, so that the order of texts is the order of times."""
    assert time.tzinfo is not None, "times in the ledger have a time zone"
    return time.astimezone(UTC).isoformat(timespec="microseconds")
