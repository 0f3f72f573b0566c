"""One turn of the loop: look, decide, write down, and only then act.

::

    POLL what came  ->  OBSERVE what the champion makes of it  ->  DECIDE: is an update worth it?
    WRITE where the loop stands and what was decided, in one transaction; of two loops one wins
    UPDATE: a challenger, beside the champion  ->  JUDGE  ->  PROMOTE, if the champion is still the same
    WRITE what became of it

A turn that is cut off anywhere goes on when it is called again: before the first writing nothing has happened, and
after it every act is one that, done again, finds itself done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from vernal.base import Clock, ConflictError, DataError, Decision, TrainingError, digest, period
from vernal.data import read_table, seconds
from vernal.ledger import Decided, Loops, Outcomes
from vernal.loop.judging import judge, look_again
from vernal.loop.learner import ANCHOR, CHALLENGER, Learner
from vernal.loop.maturing import is_due, matured, write_down
from vernal.loop.policy import SCRATCH, STATEFUL, Policy
from vernal.loop.state import Doing, LoopState, Piece, Waiting
from vernal.sources import Arrival, Cursor, Source
from vernal.transaction import Observation, Result
from vernal.triggers import Facts, Settled, State, Trigger

Array = np.ndarray[Any, Any]
Cursors = dict[str, Cursor]
KEPT, PROMOTED, REJECTED, INCONCLUSIVE, FAILED = "kept", "promoted", "rejected", "inconclusive", "failed"
ENOUGH = 10_000  # rows out of which the samples for two-sample tests are drawn
_FATES = {"promote": PROMOTED, "reject": REJECTED, "inconclusive": INCONCLUSIVE}


@dataclass(frozen=True)
class Turn:
    """What one turn of a loop came to.

    Args:
        outcome: ``"kept"``, ``"promoted"``, ``"rejected"``, ``"inconclusive"`` or ``"failed"``.
        decisions: all that was decided, in order.
        champion: the model in production after it.
        rows: how many new rows could be looked at.
        challengers: the updates that were made.
    """

    outcome: str
    decisions: Sequence[Decided]
    champion: str | None
    rows: int = 0
    challengers: Sequence[Result] = field(default_factory=list)


class Loop:
    """A policy at work on a store, turn by turn.

    Args:
        policy: what to do.
        learner: the models.
        loops: where it is written down where the loop stands.
        outcomes: predictions and late labels.
        inbox: a folder for tables that were read from streams.
        clock: tells the time: of this world, or of a backtest.
        name: of the loop; one store can have several.
    """

    def __init__(
        self,
        policy: Policy,
        learner: Learner,
        loops: Loops,
        outcomes: Outcomes,
        inbox: Path,
        clock: Clock,
        name: str = "main",
    ) -> None:
        self._policy, self._learner, self._loops, self._outcomes = policy, learner, loops, outcomes
        self._inbox, self._clock, self.name = inbox, clock, name

    @property
    def state(self) -> LoopState:
        """Where it stands."""
        return self._read()[1]

    def turn(self, by_hand: str = "") -> Turn:
        """Look at what came, and do what is worth doing. Call it as often as you like.

        Args:
            by_hand: why there is to be an update now, whatever the trigger says; it still sees everything.

        Raises:
            ConflictError: another process has made this turn.
            DataError: a source cannot be read, or what it gave.
            VernalError: whatever else a model, a store or a gate has to say.
        """
        generation, before = self._read()
        state, rows = before, 0
        decisions: list[Decided] = []
        if before.doing is None:
            state, decisions, rows = self._look(before, by_hand)
            if decisions or state != before:
                generation = self._loops.step(self.name, generation, state.to_json(), decisions)
        settled = _outcome(decisions)
        if state.doing is None:
            return Turn(settled, decisions, self._learner.champion, rows)
        state, after, made = self._act(state, state.doing)
        self._loops.step(self.name, generation, state.to_json(), after)
        return Turn(_outcome(after), [*decisions, *after], self._learner.champion, rows, made)

    def relearn(self) -> int:
        """Let what was set aside be learned after all; how many rows that are."""
        generation, state = self._read()
        rows = sum(piece.rows for piece in state.aside)
        self._loops.step(self.name, generation, state.relearning().to_json())
        return rows

    def _read(self) -> tuple[int, LoopState]:
        found = self._loops.read(self.name)
        return (0, LoopState()) if found is None else (found[0], LoopState.from_json(found[1]))

    # Looking

    def _look(self, state: LoopState, by_hand: str) -> tuple[LoopState, list[Decided], int]:
        now = self._clock.now()
        state, decisions = self._noticed(state, now)
        state, new, values, more = self._polled(state, now)
        decisions += more
        if state.waiting is not None and new:
            state, more = self._looked_again(state, state.waiting, new, now)
            decisions += more
        state, facts = self._facts(state, new, values, now)
        state, said = self._asked(state, facts)
        decision, fresh = said["trigger"], said.get("calibrate")
        news = bool(new or values)
        if news or decision.outcome != state.verdict or decision.yes:
            decisions.append(Decided(now, "trigger", str(self._policy.trigger), decision))
        if fresh is not None and (news or fresh.yes):
            decisions.append(Decided(now, "trigger", f"calibrate: {self._policy.calibrate}", fresh))
        state = replace(state, verdict=decision.outcome)
        if by_hand:
            decision = Decision("update", by_hand, {}, fires=1)
            decisions.append(Decided(now, "trigger", "by hand", decision))
        ways = self._ways(state, decision, fresh)
        if ways:
            state = replace(state, doing=self._planned(state, ways, now))
        return state, decisions, facts.rows

    def _noticed(self, state: LoopState, now: datetime) -> tuple[LoopState, list[Decided]]:
        """Take note of a champion that others have moved: by a promotion, or a rollback."""
        champion = self._learner.champion
        if champion == state.champion:
            return state, []
        moved = replace(state, champion=champion, waiting=None)
        if state.champion is None or champion is None:
            return moved, []
        moved = moved.gone_back(self._learner.lineage(champion))
        taken_back = sum(piece.rows for piece in state.learned) - sum(piece.rows for piece in moved.learned)
        why = f"The champion is {champion} now, and was {state.champion}. {taken_back} rows are set aside that it has \
not learned."
        return moved, [Decided(now, "noticed", champion, Decision("moved", why, {"rows": taken_back}))]

    def _polled(
        self, state: LoopState, now: datetime
    ) -> tuple[LoopState, list[Piece], dict[str, Array], list[Decided]]:
        """What came since, of every source; and of the rows those that can be learned from now on."""
        cursors, raw = dict(state.cursors), list(state.raw)
        for name, source in self._policy.streams.items():
            found = self._drained(name, source, cursors, now)
            raw += [Piece.of(name, arrival, now.timestamp()) for arrival in found]
        if self._policy.labels is not None:
            for arrival in self._drained("labels", self._policy.labels.source, cursors, now):
                write_down(self._policy.labels, arrival.files, self._outcomes)
        values = {
            name: measurements
            for name, source in self._policy.metrics.items()
            if len(measurements := self._measured(name, source, cursors, now))
        }
        ripe, raw = self._ripe(raw, now)
        new, again = state.unknown(ripe)
        state = replace(state, cursors=cursors, raw=tuple(raw), ready=(*state.ready, *new))
        return state, new, values, [Decided(now, "noticed", piece.source, _came_again(piece)) for piece in again]

    def _measured(self, name: str, source: Source, cursors: Cursors, now: datetime) -> Array:
        return _measurements([one.files for one in self._drained(f"metric {name}", source, cursors, now)], name)

    def _drained(self, name: str, source: Source, cursors: Cursors, now: datetime) -> list[Arrival]:
        """All that a source has; it may give it in pieces."""
        found = []
        while (arrival := source.poll(cursors.get(name), now, self._inbox)) is not None:
            cursors[name] = arrival.cursor
            if arrival.rows:
                found.append(arrival)
        return found

    def _ripe(self, raw: Sequence[Piece], now: datetime) -> tuple[list[Piece], list[Piece]]:
        labels = self._policy.labels
        if labels is None:
            return list(raw), []
        due = [piece for piece in raw if is_due(labels, piece, now)]
        joined = [matured(labels, piece, self._outcomes, now, self._inbox) for piece in due]
        return [piece for piece in joined if piece is not None], [piece for piece in raw if piece not in due]

    def _facts(
        self, state: LoopState, new: Sequence[Piece], values: dict[str, Array], now: datetime
    ) -> tuple[LoopState, Facts]:
        """What the triggers are shown; only what they ask for is computed."""
        seen = self._observed(state, new, now)
        rows = sum(piece.rows for piece in new)
        waiting = sum(piece.rows for piece in state.ready)
        state = replace(state, schema=seen.schema or state.schema)
        schema = {"schema": digest(state.schema)} if state.schema else {}
        facts = Facts(
            now=now,
            rows=rows,
            known=self._learner.rows_seen(state.champion) + waiting - rows,
            values={**seen.values, **values},
            samples=seen.samples,
            digests=self._learner.digests | schema,
            cost=state.cost,
        )
        return state, facts

    def _observed(self, state: LoopState, new: Sequence[Piece], now: datetime) -> Observation:
        if not new or state.champion is None:
            return Observation(0, "", {}, {})
        at, champion = now.timestamp(), state.champion
        samples, values = self._needs & {"features", "embeddings", "outputs"}, self._needs & {"correct", "loss"}
        seen = self._learner.observe(_files(new), champion, values, at)
        if samples:  # Of what the champion has not learned, and not only of what is new at this look.
            pending = self._learner.observe(_files(_newest(state.ready)), champion, samples, at)
            seen = replace(seen, samples=pending.samples)
        return seen

    @property
    def _needs(self) -> frozenset[str]:
        calibrate = self._policy.calibrate
        return self._policy.trigger.needs | (calibrate.needs if calibrate else frozenset())

    def _asked(self, state: LoopState, facts: Facts) -> tuple[LoopState, dict[str, Decision]]:
        """What the triggers say; a trigger that is another one than before begins anew."""
        triggers = self._triggers
        spelled = digest({name: repr(trigger) for name, trigger in triggers.items()})
        known = {} if spelled != state.spelled else state.triggers
        said: dict[str, Decision] = {}
        states: dict[str, State] = {}
        for name, trigger in triggers.items():
            states[name], said[name] = trigger.look(known.get(name) or trigger.start(), facts)
        return replace(state, spelled=spelled, triggers=states), said

    @property
    def _triggers(self) -> dict[str, Trigger]:
        calibrate = self._policy.calibrate
        return {"trigger": self._policy.trigger} | ({"calibrate": calibrate} if calibrate else {})

    def _ways(self, state: LoopState, decision: Decision, fresh: Decision | None) -> tuple[str, ...]:
        """How to learn what is there; nothing where there is nothing."""
        ways = (self._policy.learn,) if decision.yes and state.ready else ()
        if fresh is not None and fresh.yes and SCRATCH not in ways and (state.ready or state.champion):
            ways = (*ways, SCRATCH)
        return ways

    def _planned(self, state: LoopState, ways: tuple[str, ...], now: datetime) -> Doing:
        files: tuple[str, ...] = ()
        if SCRATCH in ways:
            before = self._learner.files(state.champion) if state.champion else []
            old = [piece for piece in state.learned if not self._is_recent(piece, now)]
            gone = {file for piece in old for file in piece.files}
            files = tuple(dict.fromkeys([*(file for file in before if file not in gone), *_files(state.ready)]))
        pieces = tuple(piece.digest for piece in state.ready)
        return Doing(pieces, ways, state.champion, now.timestamp(), files)

    def _is_recent(self, piece: Piece, now: datetime) -> bool:
        if self._policy.history is None:
            return True
        youngest = piece.came if piece.until is None else piece.until
        return youngest >= (now - period(self._policy.history)).timestamp()

    # Acting

    def _act(self, state: LoopState, doing: Doing) -> tuple[LoopState, list[Decided], list[Result]]:
        """Train, judge, promote: all of it, or what is left of it after an interruption."""
        try:
            made = [self._made(state, doing, way) for way in doing.ways]
        except (TrainingError, DataError) as error:
            return (*self._failed(state, doing, error), [])
        now = self._clock.now()
        ids = [result.id for result in made]
        rows = [Decided(now, "update", one.id, _was_made(one, way)) for one, way in zip(made, doing.ways, strict=True)]
        judged = judge(self._policy.gate, self._learner, self._loops, state, doing, ids)
        decision = judged.decision
        state = replace(state, doing=None, waiting=None, cost=self._cost(made[0]), anchor=judged.anchor)
        if decision.outcome == "promote":
            state, decision = self._promoted(state, doing, judged.chosen, decision)
        elif decision.outcome == "reject":
            state = state.set_aside(doing.pieces, ids[0]) if self._policy.learn in doing.ways else state
        elif doing.champion is not None and judged.start is not None:
            state = replace(state, waiting=Waiting(ids[0], doing.champion, judged.start, doing.pieces))
        self._learner.name(CHALLENGER, ids[0] if state.waiting else None)
        self._learner.name(ANCHOR, state.anchor)
        rows.append(Decided(now, "gate", judged.chosen, decision))
        settled = Settled(now, decision.outcome == "promote", sum(map(self._cost, made)), judged.values)
        return self._settled(state, settled), rows, made

    def _made(self, state: LoopState, doing: Doing, way: str) -> Result:
        pieces = [piece for piece in state.ready if piece.digest in doing.pieces]
        files = _files(pieces) if way == STATEFUL else doing.files
        return self._learner.update(files, doing.champion, scratch=way == SCRATCH)

    def _promoted(self, state: LoopState, doing: Doing, version: str, decision: Decision) -> tuple[LoopState, Decision]:
        try:
            self._learner.promote(version, doing.champion, decision)
        except ConflictError as error:
            why = f"{version} passed, but the champion has been changed meanwhile: {error}"
            return state, replace(decision, outcome="inconclusive", why=why)
        return replace(state.taken_in(doing.pieces, version), champion=version), decision

    def _failed(self, state: LoopState, doing: Doing, error: Exception) -> tuple[LoopState, list[Decided]]:
        """Try again next time; and if that has been done often enough, go on without these rows."""
        now, attempts = self._clock.now(), doing.attempts + 1
        last = attempts >= self._policy.attempts
        what = "its rows are set aside" if last else "it will be tried again"
        evidence = {"error": type(error).__name__, "attempts": attempts, "pieces": [*doing.pieces]}
        decision = Decision(
            "failed", f"Attempt {attempts} of {self._policy.attempts} failed, {what}. {error}", evidence
        )
        rows = [Decided(now, "update", doing.champion or "first", decision)]
        if not last:
            return replace(state, doing=replace(doing, attempts=attempts)), rows
        state = replace(state.set_aside(doing.pieces, None), doing=None)
        return self._settled(state, Settled(now, promoted=False)), rows

    def _looked_again(
        self, state: LoopState, waiting: Waiting, new: Sequence[Piece], now: datetime
    ) -> tuple[LoopState, list[Decided]]:
        """Compare a challenger and the champion on rows that are new to both."""
        gate, decision = look_again(self._policy.gate, self._learner, waiting, _files(new))
        row = Decided(now, "gate", waiting.challenger, decision)
        if decision.outcome == "inconclusive":
            return replace(state, waiting=replace(waiting, gate=gate)), [row]
        self._learner.name(CHALLENGER, None)
        state = replace(state, waiting=None)
        if decision.outcome == "reject":
            return state.set_aside(waiting.pieces, waiting.challenger), [row]
        doing = Doing(waiting.pieces, (), waiting.champion, now.timestamp())
        state, decision = self._promoted(state, doing, waiting.challenger, decision)
        return self._settled(state, Settled(now, decision.yes)), [replace(row, decision=decision)]

    def _settled(self, state: LoopState, settled: Settled) -> LoopState:
        known = state.triggers
        after = {
            name: trigger.settle(known[name], settled) for name, trigger in self._triggers.items() if name in known
        }
        return replace(state, triggers={**known, **after})

    def _cost(self, result: Result) -> float:
        spent = float(result.costs["total_seconds"])
        price = self._policy.price_per_hour
        return spent if price is None else price * spent / timedelta(hours=1).total_seconds()


def _newest(pieces: Sequence[Piece]) -> list[Piece]:
    """The newest pieces, enough to draw a sample from."""
    chosen: list[Piece] = []
    for piece in reversed(pieces):
        if sum(one.rows for one in chosen) >= ENOUGH:
            break
        chosen.insert(0, piece)
    return chosen


def _came_again(piece: Piece) -> Decision:
    why = f"{piece.rows} rows came that had come before, in {', '.join(piece.files)}. They count once."
    return Decision("dropped", why, {"rows": piece.rows, "digest": piece.digest})


def _files(pieces: Sequence[Piece]) -> list[str]:
    return [file for piece in pieces for file in piece.files]


def _measurements(files: Sequence[Sequence[str]], name: str) -> Array:
    """Times and values of the tables of a metric, ``(n, 2)``, in the order of their times."""
    tables = [read_table(file) for several in files for file in several]
    for table in tables:
        if missing := {"time", "value"} - {*table.column_names}:
            raise DataError(f"The tables of metric {name!r} need the columns time and value: {missing} is missing.")
    if not tables:
        return np.zeros((0, 2))
    times = np.concatenate([seconds(np.asarray(table.column("time").to_pylist())) for table in tables])
    values = np.concatenate([np.asarray(table.column("value").to_pylist(), np.float64) for table in tables])
    return np.stack([times, values], axis=1)[np.argsort(times, kind="stable")]


def _was_made(result: Result, way: str) -> Decision:
    record = result.record
    chunk = record["chunk"]
    how = "from scratch" if way == SCRATCH else f"from {record['parent'] or 'nothing'}"
    why = f"Learned {chunk['rows']} rows {how} in {record['costs']['total_seconds']:.1f} s."
    evidence = {"way": way, "parent": record["parent"], "rows": chunk["rows"], "costs": dict(record["costs"])}
    return Decision("made", why, evidence)


def _outcome(decisions: Sequence[Decided]) -> str:
    """What a turn came to: the last thing that a gate or a failure said."""
    for one in reversed(decisions):
        if one.kind == "gate":
            return _FATES[one.outcome]
        if one.outcome == FAILED:
            return FAILED
    return KEPT
