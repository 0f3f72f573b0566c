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
from datetime import datetime
from pathlib import Path

from vernal.base import Clock, Decision, Unreachable, digest
from vernal.ledger import Decided, Loops, Outcomes
from vernal.loop.acting import Acting
from vernal.loop.arriving import Arrived, Door
from vernal.loop.judging import UNUSABLE, look_again
from vernal.loop.learner import ANCHOR, CHALLENGER, Learner
from vernal.loop.planning import is_there, planned, put_off, ways_of
from vernal.loop.policy import Policy
from vernal.loop.remembering import asked, needs_of, settled
from vernal.loop.state import Doing, LoopState, Piece, Waiting, files_of, rows_of
from vernal.transaction import Observation, Result
from vernal.triggers import Facts, Settled

KEPT, PROMOTED, REJECTED, INCONCLUSIVE, FAILED = "kept", "promoted", "rejected", "inconclusive", "failed"
MAIN = "main"
ENOUGH = 10_000  # rows out of which the samples for two-sample tests are drawn
NOTHING = Observation(0, "", {}, {})
_FATES = {"promote": PROMOTED, "reject": REJECTED, "inconclusive": INCONCLUSIVE}
_SAMPLES, _VALUES = {"features", "embeddings", "outputs"}, {"correct", "loss"}


@dataclass(frozen=True)
class Turn:
    """What one turn of a loop came to.

    Args:
        outcome: ``"kept"``, ``"promoted"``, ``"rejected"``, ``"inconclusive"`` or ``"failed"``.
        decisions: all that was decided, in order.
        champion: the model in production after it.
        rows: how many new rows could be looked at.
        challengers: the updates that were made.
        waiting: how many rows wait for their labels.
        aside: how many rows are set aside; they are learned only if somebody asks for it.
    """

    outcome: str
    decisions: Sequence[Decided]
    champion: str | None
    rows: int = 0
    challengers: Sequence[Result] = field(default_factory=list)
    waiting: int = 0
    aside: int = 0


class Loop:
    """A policy at work on a store, turn by turn.

    Args:
        policy: what to do.
        learner: the models.
        loops: where it is written down where the loop stands.
        outcomes: predictions and late labels.
        inbox: a folder for tables that were read from streams.
        clock: tells the time.
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
        name: str = MAIN,
    ) -> None:
        self._policy, self._learner, self._loops, self._clock, self.name = policy, learner, loops, clock, name
        self._door = Door(policy, outcomes, inbox)
        self._acting = Acting(policy, learner, loops, clock)

    @property
    def state(self) -> LoopState:
        """Where it stands."""
        return self._read()[1]

    def turn(self, by_hand: str = "") -> Turn:
        """Look at what came, and do what is worth doing. Call it as often as you like.

        An update that was begun and cut off is finished first; that is a turn of its own.

        Args:
            by_hand: why there is to be an update now, whatever the trigger says; it still sees everything.

        Raises:
            ConflictError: another process has made this turn.
            DataError: a source cannot be read, or what it gave.
            VernalError: whatever else a model, a store or a gate has to say.
        """
        generation, before = self._read()
        state, decisions, rows = before, list[Decided](), 0
        if before.doing is None:
            state, decisions, rows = self._look(before, by_hand)
            if decisions or state != before:
                generation = self._loops.step(self.name, generation, state.to_json(), decisions)
        made: Sequence[Result] = []
        if state.doing is not None:
            state, after, made = self._acting.act(state, state.doing)
            self._loops.step(self.name, generation, state.to_json(), after)
            decisions = [*decisions, *after]
        self._name(state)
        counts = {"waiting": rows_of(state.raw), "aside": rows_of(state.aside)}
        return Turn(_outcome(decisions), decisions, self._learner.champion, rows, made, **counts)

    def relearn(self) -> int:
        """Let what was set aside be learned after all; how many rows that are."""
        generation, state = self._read()
        if state.aside:
            self._loops.step(self.name, generation, state.relearning(self._policy.labels is not None).to_json())
        return rows_of(state.aside)

    def _read(self) -> tuple[int, LoopState]:
        found = self._loops.read(self.name)
        return (0, LoopState()) if found is None else (found[0], LoopState.from_json(found[1]))

    def _name(self, state: LoopState) -> None:
        """Let aliases say what the state does; a turn that was cut off before this leaves it to the next one."""
        own = "" if self.name == MAIN else f"-{self.name}"  # Or two loops would take the aliases from each other.
        self._learner.name(f"{CHALLENGER}{own}", state.waiting.challenger if state.waiting else None)
        self._learner.name(f"{ANCHOR}{own}", state.anchor)

    # Looking: nothing but the inbox is written here.

    def _look(self, state: LoopState, by_hand: str) -> tuple[LoopState, list[Decided], int]:
        now = self._clock.now()
        state, arrived = self._door.look(state, now)
        state, decisions = self._noticed(state, now)
        # Of what came, a champion of others may have learned some.
        arrived = replace(arrived, pieces=[piece for piece in arrived.pieces if piece in state.ready])
        decisions = [*arrived.decisions, *decisions]
        if state.waiting is not None and arrived.pieces:
            state, more = self._looked_again(state, state.waiting, arrived.pieces, now)
            decisions += more
        seen, more = self._seen(state, arrived.pieces, now)
        state = replace(state, schema=seen.schema or state.schema)
        state, said = asked(self._policy, state, self._facts(state, arrived, seen, now))
        decisions += self._told(state, said, arrived.is_news, now) + more
        state = state if said["trigger"].yes else replace(state, verdict=said["trigger"].outcome)
        if by_hand:
            said["trigger"] = _by_hand(by_hand, is_there(state, self._policy.learn))
            decisions.append(Decided(now, "trigger", "by hand", said["trigger"]))
        ways = ways_of(self._policy, state, said["trigger"], said.get("calibrate"))
        if state.doing is not None:
            return replace(state, owed=ways), decisions, arrived.rows
        owed = put_off(self._policy, state, said["trigger"], ways)
        doing = planned(self._policy, self._learner, state, ways, now) if ways else None
        return replace(state, doing=doing, owed=owed), decisions, arrived.rows

    def _noticed(self, state: LoopState, now: datetime) -> tuple[LoopState, list[Decided]]:
        """Take note of a champion that others have moved: by a promotion, or a rollback."""
        champion, before = self._learner.champion, state.champion
        if champion == before or champion is None:
            return state, []
        moved = state.led_by(champion, self._learner.files(champion), self._learner.files(before))
        is_known = moved.anchor is None or moved.anchor in self._learner.lineage(champion)
        cost = self._policy.cost_of(self._learner.seconds_of(champion)) if moved.cost is None else moved.cost
        moved = replace(moved, anchor=moved.anchor if is_known else champion, cost=cost)
        moved = settled(self._policy, moved, Settled(now, promoted=True))
        rows = max(0, rows_of(moved.aside) - rows_of(state.aside))
        if before is None and moved.ready == state.ready:
            return moved, []
        was = f"now, and was {before}" if before else "already"
        known = rows_of(state.ready) - rows_of(moved.ready)
        learned = f" {known} rows that came are learned." if known else ""
        aside = f" {rows} rows are set aside that it has not learned." if rows or not known else ""
        why = f"The champion is {champion} {was}.{learned}{aside}"
        return moved, [Decided(now, "noticed", champion, Decision("moved", why, {"rows": rows}))]

    def _looked_again(
        self, state: LoopState, waiting: Waiting, new: Sequence[Piece], now: datetime
    ) -> tuple[LoopState, list[Decided]]:
        """Compare a challenger and the champion on rows that are new to both."""
        gate, decision = look_again(self._policy.gate, self._learner, waiting, files_of(new))
        row = Decided(now, "gate", waiting.challenger, decision)
        if decision.outcome == "inconclusive":
            return replace(state, waiting=replace(waiting, gate=gate)), [row]
        state = replace(state, waiting=None)
        if decision.outcome == "reject":
            is_yardstick = waiting.way != self._policy.learn
            return state if is_yardstick else state.set_aside(waiting.pieces, waiting.challenger), [row]
        doing = Doing(
            waiting.pieces,
            (),
            waiting.champion,
            now.timestamp(),
            self._learner.entry,
            passed=waiting.challenger,
            verdict=decision.to_json(),
        )
        return replace(state, doing=doing), [row]

    def _seen(self, state: LoopState, new: Sequence[Piece], now: datetime) -> tuple[Observation, list[Decided]]:
        """What the champion makes of new rows; nothing, if they cannot be used. Then an update will not, either."""
        if not new or state.champion is None:
            return NOTHING, []
        try:
            return self._observed(state.champion, new, state.ready, now), []
        except Unreachable:
            raise
        except UNUSABLE as error:
            why = f"{rows_of(new)} new rows cannot be looked at. {error}"
            evidence = {"error": type(error).__name__, "files": files_of(new)}
            return NOTHING, [Decided(now, "noticed", state.champion, Decision(FAILED, why, evidence))]

    def _observed(self, champion: str, new: Sequence[Piece], ready: Sequence[Piece], now: datetime) -> Observation:
        needs, at = needs_of(self._policy), now.timestamp()
        seen = self._learner.observe(files_of(new), champion, needs & _VALUES, at)
        if needs & _SAMPLES:  # Of what the champion has not learned, and not only of what is new at this look.
            pending = self._learner.observe(files_of(_newest(ready)), champion, needs & _SAMPLES, at)
            seen = replace(seen, samples=pending.samples)
        return seen

    def _facts(self, state: LoopState, arrived: Arrived, seen: Observation, now: datetime) -> Facts:
        """What the triggers are shown; only what they ask for was computed."""
        schema = {"schema": digest(state.schema)} if state.schema else {}
        return Facts(
            now=now,
            rows=arrived.rows,
            known=self._learner.rows_seen(state.champion) + rows_of(state.ready) - arrived.rows,
            values={**seen.values, **arrived.values},
            samples=seen.samples,
            digests=self._learner.digests | schema,
            cost=state.cost,
        )

    def _told(self, state: LoopState, said: dict[str, Decision], is_news: bool, now: datetime) -> list[Decided]:
        """What triggers said that is worth writing down: all but that still nothing has come."""
        decision, calibrate = said["trigger"], said.get("calibrate")
        told = []
        if is_news or decision.outcome != state.verdict or decision.yes:
            told.append(Decided(now, "trigger", str(self._policy.trigger), decision))
        if calibrate is not None and (is_news or calibrate.yes):
            told.append(Decided(now, "trigger", f"calibrate: {self._policy.calibrate}", calibrate))
        return told


def _by_hand(why: str, is_news: bool) -> Decision:
    if is_news:
        return Decision("update", why, {}, fires=1)
    stop = "" if why.endswith((".", "!", "?")) else "."
    return Decision("keep", f"{why}{stop} But there are no new rows to learn.")


def _newest(pieces: Sequence[Piece]) -> list[Piece]:
    """The newest pieces, enough to draw a sample from."""
    chosen: list[Piece] = []
    for piece in reversed(pieces):
        if rows_of(chosen) >= ENOUGH:
            break
        chosen.insert(0, piece)
    return chosen


def _outcome(decisions: Sequence[Decided]) -> str:
    """What a turn came to: the last thing that a gate or a failure said."""
    for one in reversed(decisions):
        if one.kind == "gate":
            return _FATES[one.outcome]
        if one.outcome == FAILED:
            return FAILED
    return KEPT
