"""Where a loop stands: plain values, written as one, so that a crash leaves the state before a step or after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from vernal.base import SchemaTooNew
from vernal.sources import Arrival

SCHEMA_VERSION = 1
MOST = 1000  # pieces that are kept although nothing will be done with them by itself


@dataclass(frozen=True)
class Piece:
    """Rows that came together.

    Args:
        source: the name of the source.
        files: the tables.
        rows: how many rows they hold.
        digest: of their content when they came; labels that were joined later do not change it.
        since: the time of the earliest row, seconds since 1970; None where rows have no times.
        until: the time of the latest row.
        came: when the loop saw them, seconds since 1970.
        by: the version that has learned them, or tried to.
        labelled: whether labels that came later were joined with them.
    """

    source: str
    files: tuple[str, ...]
    rows: int
    digest: str
    since: float | None
    until: float | None
    came: float
    by: str | None = None
    labelled: bool = False

    @classmethod
    def of(cls, source: str, arrival: Arrival, came: float) -> Self:
        """What a source gave."""
        return cls(source, arrival.files, arrival.rows, arrival.digest, arrival.since, arrival.until, came)

    @property
    def youngest(self) -> float:
        """The time of the latest row; when they came, where rows have no times."""
        return self.came if self.until is None else self.until


@dataclass(frozen=True)
class Doing:
    """An update that was decided upon and is not settled.

    Args:
        pieces: the digests of the pieces to learn.
        ways: how: ``"stateful"``, ``"scratch"``, or both, each of which makes a challenger.
        champion: what the challengers are compared with; None for a first model.
        began: when it was decided, seconds since 1970.
        entry: how many entries the journal had then.
        files: what is learned from scratch, if that is a way.
        attempts: how often it has failed.
        passed: a challenger that waited for labels and has passed: it is only to be promoted, and nothing trained.
        verdict: what the gate said of that.
    """

    pieces: tuple[str, ...]
    ways: tuple[str, ...]
    champion: str | None
    began: float
    entry: int
    files: tuple[str, ...] = ()
    attempts: int = 0
    passed: str | None = None
    verdict: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Waiting:
    """A challenger about which too little is known; it is looked at again with every row that comes.

    Args:
        challenger: its id.
        champion: what it is compared with.
        gate: what the sequential test has seen, as it keeps that.
        pieces: the digests of the pieces that it has learned.
        way: how it was made; if it is a yardstick, its pieces stay to be learned.
    """

    challenger: str
    champion: str
    gate: Mapping[str, Any]
    pieces: tuple[str, ...]
    way: str = ""


@dataclass(frozen=True)
class LoopState:
    """Where a loop stands.

    Args:
        cursors: how far each source was read.
        answers: up to which of the service's answers labels were mature; None if none was looked for.
        raw: pieces whose labels are not mature.
        ready: pieces that can be learned and were not.
        aside: pieces that are not learned although they could be: what the gate refused, what a rollback took back,
            what could not be trained on. The newest ones only.
        learned: pieces that champions have learned; the newest ones only, for what is older can be read in records.
        triggers: what the triggers remember, by their names in the policy; nothing before the first look.
        spelled: a digest of each trigger; one that is another begins anew.
        doing: the update under way.
        owed: ways in which an update was decided upon that could not be made, for something else came first, or there
            was nothing to learn.
        waiting: the challenger that more labels decide about.
        champion: the champion after the last step; another one now means that somebody has intervened.
        anchor: the best champion so far.
        schema: what rows looked like last.
        cost: what the last update cost.
        verdict: what the trigger said last, when it did not fire.
    """

    cursors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: Mapping[str, Any] | None = None
    raw: tuple[Piece, ...] = ()
    ready: tuple[Piece, ...] = ()
    aside: tuple[Piece, ...] = ()
    learned: tuple[Piece, ...] = ()
    triggers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)
    doing: Doing | None = None
    owed: tuple[str, ...] = ()
    waiting: Waiting | None = None
    champion: str | None = None
    anchor: str | None = None
    schema: str = ""
    cost: float | None = None
    verdict: str = ""

    def to_json(self) -> dict[str, Any]:
        """The state as plain values."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The state that `to_json` wrote.

        Raises:
            SchemaTooNew: a later version of vernal wrote it.
        """
        if value["schema_version"] > SCHEMA_VERSION:
            raise SchemaTooNew(
                f"The loop's state was written in schema {value['schema_version']}, and this vernal reads up to "
                f"{SCHEMA_VERSION}. Run: pip install --upgrade vernal"
            )
        facts: dict[str, Any] = {name: value[name] for name in cls.__dataclass_fields__}
        for name in ("raw", "ready", "aside", "learned"):
            facts[name] = tuple(Piece(**_with_tuples(one)) for one in facts[name])
        facts["owed"] = tuple(facts["owed"])
        doing, waiting = facts["doing"], facts["waiting"]
        facts["doing"] = None if doing is None else Doing(**_with_tuples(doing))
        facts["waiting"] = None if waiting is None else Waiting(**_with_tuples(waiting))
        return cls(**facts)

    def unknown(self, pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
        """Pieces that never came before, and those that did: the same rows, delivered twice."""
        known = {piece.digest for piece in (*self.raw, *self.ready, *self.aside, *self.learned)}
        new: list[Piece] = []
        again: list[Piece] = []
        for piece in pieces:
            (again if piece.digest in known else new).append(piece)
            known.add(piece.digest)
        return new, again

    def taken_in(self, digests: Collection[str], by: str) -> LoopState:
        """The state when a version has learned some pieces, and is the champion."""
        rest, moved = self._parted(digests, by)
        return replace(self, ready=rest, learned=(*self.learned, *moved)[-MOST:])

    def set_aside(self, digests: Collection[str], by: str | None) -> LoopState:
        """The state when some pieces are set aside."""
        rest, moved = self._parted(digests, by)
        return replace(self, ready=rest, aside=(*self.aside, *moved)[-MOST:])

    def led_by(self, champion: str, has: Collection[str], had: Collection[str]) -> LoopState:
        """The state when somebody has put another champion into production.

        What it has learned is learned, wherever those pieces were; what only the one before it has learned is set
        aside.

        Args:
            champion: its id.
            has: the files that it and those before it have learned.
            had: those of the champion before.
        """
        new, old = {*has}, {*had}
        learned = [piece for piece in (*self.learned, *self.aside, *self.ready) if new.issuperset(piece.files)]
        rest = [piece for piece in self.learned if not new.issuperset(piece.files)]
        gone = [piece for piece in rest if old.issuperset(piece.files)]
        kept = [piece for piece in rest if piece not in gone]  # What both left out, for it was too old.
        aside = [piece for piece in self.aside if piece not in learned]
        return replace(
            self,
            champion=champion,
            waiting=None,
            ready=tuple(piece for piece in self.ready if piece not in learned),
            aside=tuple([*aside, *gone][-MOST:]),
            learned=tuple(sorted([*kept, *learned], key=lambda piece: piece.came)[-MOST:]),
        )

    def relearning(self, labels_come_later: bool) -> LoopState:
        """The state when all that was set aside is to be learned after all, if need be when it has labels."""
        again = [replace(piece, by=None) for piece in self.aside]
        lacking = [piece for piece in again if labels_come_later and not piece.labelled]
        ready = [*self.ready, *(piece for piece in again if piece not in lacking)]
        return replace(
            self, aside=(), raw=(*self.raw, *lacking), ready=tuple(sorted(ready, key=lambda piece: piece.came))
        )

    def _parted(self, digests: Collection[str], by: str | None) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
        rest = tuple(piece for piece in self.ready if piece.digest not in digests)
        return rest, tuple(replace(piece, by=by) for piece in self.ready if piece.digest in digests)


def files_of(pieces: Sequence[Piece]) -> list[str]:
    """The tables of some pieces, in their order."""
    return [file for piece in pieces for file in piece.files]


def rows_of(pieces: Sequence[Piece]) -> int:
    """How many rows some pieces hold."""
    return sum(piece.rows for piece in pieces)


def _with_tuples(value: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a dataclass whose tuples JSON has as lists."""
    return {name: tuple(part) if isinstance(part, list) else part for name, part in value.items()}
