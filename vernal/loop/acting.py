"""What is done when an update was decided upon: train, judge, promote. Done again, all of it finds itself done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from vernal.base import Clock, ConflictError, Decision, Unreachable
from vernal.ledger import Decided, Loops
from vernal.loop.judging import UNUSABLE, Judged, judge
from vernal.loop.learner import Learner
from vernal.loop.policy import SCRATCH, STATEFUL, Policy
from vernal.loop.remembering import settled
from vernal.loop.state import Doing, LoopState, Waiting, files_of
from vernal.transaction import Result
from vernal.triggers import Settled

Acted = tuple[LoopState, list[Decided], Sequence[Result]]


class Acting:
    """Carries out what was decided.

    Args:
        policy: what to do.
        learner: the models.
        loops: knows what was judged before.
        clock: tells the time.
    """

    def __init__(self, policy: Policy, learner: Learner, loops: Loops, clock: Clock) -> None:
        self._policy, self._learner, self._loops, self._clock = policy, learner, loops, clock

    def act(self, state: LoopState, doing: Doing) -> Acted:
        """Train, judge, promote: all of it, or what is left of it after an interruption.

        Returns:
            The state, what was decided, and the updates that were made.
        """
        if doing.passed is not None:
            return self._passed(state, doing, doing.passed)
        made: dict[str, Result] = {}
        for way in doing.ways:
            try:
                made[way] = self._made(state, doing, way)
            except Unreachable:
                raise  # That is nothing against the rows; the update stays to be made.
            except UNUSABLE as error:
                return *self._failed(state, doing, way, error), []
        new = {way: result for way, result in made.items() if result.id != doing.champion}
        state = replace(state, cost=self._expected(new, state.cost))
        return self._judged(state, doing, new) if new else self._unchanged(state, doing)

    def _made(self, state: LoopState, doing: Doing, way: str) -> Result:
        pieces = [piece for piece in state.ready if piece.digest in doing.pieces]
        files = files_of(pieces) if way == STATEFUL else doing.files
        return self._learner.update(files, doing.champion, scratch=way == SCRATCH)

    def _judged(self, state: LoopState, doing: Doing, made: dict[str, Result]) -> Acted:
        now, results = self._clock.now(), [*made.values()]
        ways = {result.id: way for way, result in made.items()}
        rows = [Decided(now, "update", result.id, _was_made(result, way)) for way, result in made.items()]
        judged = judge(self._policy.gate, self._learner, self._loops, state, doing, [*ways])
        state, decision = self._carried_out(replace(state, doing=None, waiting=None), doing, judged, ways)
        rows.append(Decided(now, "gate", judged.chosen, decision))
        after = Settled(now, decision.outcome == "promote", sum(map(self._cost, results)), judged.values)
        return settled(self._policy, state, after), rows, results

    def _carried_out(
        self, state: LoopState, doing: Doing, judged: Judged, ways: Mapping[str, str]
    ) -> tuple[LoopState, Decision]:
        """The state when it has been done what the gate said, and what could be done."""
        decision = judged.decision
        if decision.outcome == "promote":
            state, decision = self._promoted(state, doing, judged.chosen, decision)
            return replace(state, anchor=judged.anchor) if decision.yes else state, decision
        if decision.outcome == "reject":
            by = {way: version for version, way in ways.items()}.get(self._policy.learn)
            return state if by is None else state.set_aside(doing.pieces, by), decision
        if doing.champion is not None and judged.start is not None:
            waits = judged.chosen
            waiting = Waiting(waits, doing.champion, judged.start, doing.pieces, ways[waits])
            state = replace(state, waiting=waiting)
        return state, decision

    def _promoted(self, state: LoopState, doing: Doing, version: str, decision: Decision) -> tuple[LoopState, Decision]:
        """Put a version into production, unless somebody has intervened."""
        if self._learner.was_taken_back(version, doing.entry):
            why = f"{version} was promoted, and somebody has taken it back meanwhile."
            return state.set_aside(doing.pieces, version), replace(decision, outcome="reject", why=why, fires=0)
        try:
            self._learner.promote(version, doing.champion, decision)
        except ConflictError as error:
            why = f"{version} passed, but the champion has been changed meanwhile: {error}"
            return replace(state, owed=doing.ways), replace(decision, outcome="inconclusive", why=why)
        return replace(state.taken_in(doing.pieces, version), champion=version), decision

    def _passed(self, state: LoopState, doing: Doing, version: str) -> Acted:
        """Promote a challenger that has waited; its training was charged when it was made."""
        passed = Decision(**doing.verdict)
        state, decision = self._promoted(replace(state, doing=None), doing, version, passed)
        now = self._clock.now()
        if decision.yes:
            return settled(self._policy, state, Settled(now, promoted=True)), [], []
        return state, [Decided(now, "gate", version, decision)], []

    def _unchanged(self, state: LoopState, doing: Doing) -> Acted:
        """From scratch on the same rows, by the same code, it is the same model."""
        why = f"The champion {doing.champion} is what this data, plan and code make. Nothing was trained."
        return replace(state, doing=None), [Decided(self._clock.now(), "update", "", Decision("unchanged", why))], []

    def _failed(self, state: LoopState, doing: Doing, way: str, error: Exception) -> tuple[LoopState, list[Decided]]:
        """Try again next time; and if that has been done often enough, go on without these rows.

        A yardstick that cannot be trained is left out, and its rows stay to be learned.
        """
        now, attempts = self._clock.now(), doing.attempts + 1
        last, needed = attempts >= self._policy.attempts, way == self._policy.learn
        what = "it will be tried again" if not last else "its rows are set aside" if needed else "it is left out"
        evidence = {"error": type(error).__name__, "way": way, "attempts": attempts, "pieces": [*doing.pieces]}
        why = f"Attempt {attempts} of {self._policy.attempts} failed, {what}. {error}"
        rows = [Decided(now, "update", doing.champion or "first", Decision("failed", why, evidence))]
        if not last:
            return replace(state, doing=replace(doing, attempts=attempts)), rows
        others = tuple(other for other in doing.ways if other != way)
        if not needed and others:
            return replace(state, doing=replace(doing, ways=others, attempts=0)), rows
        state = replace(state.set_aside(doing.pieces, None) if needed else state, doing=None)
        return settled(self._policy, state, Settled(now, promoted=False)), rows

    def _expected(self, made: dict[str, Result], before: float | None) -> float | None:
        """What the next update will cost, as this one has; one that is only a yardstick does not tell."""
        result = made.get(self._policy.learn)
        return before if result is None else self._cost(result)

    def _cost(self, result: Result) -> float:
        return self._policy.cost_of(float(result.costs["total_seconds"]))


def _was_made(result: Result, way: str) -> Decision:
    record = result.record
    chunk = record["chunk"]
    how = "from scratch" if way == SCRATCH else f"from {record['parent'] or 'nothing'}"
    why = f"Learned {chunk['rows']} rows {how} in {record['costs']['total_seconds']:.1f} s."
    evidence = {"way": way, "parent": record["parent"], "rows": chunk["rows"], "costs": dict(record["costs"])}
    return Decision("made", why, evidence)
