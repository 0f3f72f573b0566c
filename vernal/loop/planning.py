"""How an update is to be made that was decided upon: of which rows, and in which ways."""

from __future__ import annotations

from datetime import datetime

from vernal.base import Decision, period
from vernal.loop.learner import Learner
from vernal.loop.policy import SCRATCH, Policy
from vernal.loop.state import MOST, Doing, LoopState, Piece, files_of


def ways_of(policy: Policy, state: LoopState, decision: Decision, calibrate: Decision | None) -> tuple[str, ...]:
    """How to learn what is there, with what is owed from before; nothing where there is nothing.

    Args:
        policy: says how.
        state: says what is there.
        decision: of the trigger.
        calibrate: of the one that asks for a yardstick; None if there is none.
    """
    fired = [policy.learn] if decision.yes else []
    fired += [SCRATCH] if calibrate is not None and calibrate.yes else []
    ways = tuple(way for way in dict.fromkeys([*fired, *state.owed]) if is_there(state, way))
    return ways if state.champion else ways[:1]  # A first model is a fresh one, however it is asked for.


def is_there(state: LoopState, way: str) -> bool:
    """Whether there is something to learn.

    From scratch there is as soon as there is a champion: its code may have changed, and it may be the sum of many small
    updates.
    """
    return bool(state.ready) or (way == SCRATCH and state.champion is not None)


def put_off(policy: Policy, state: LoopState, decision: Decision, ways: tuple[str, ...]) -> tuple[str, ...]:
    """What is owed from now on: the trigger has fired with nothing to learn, and what it fired for is still so.

    A metric that fell while no rows came fires once only, and is to be answered by the next rows; a night that passed
    is not.
    """
    fired = decision.yes or policy.learn in state.owed
    if not fired or policy.learn in ways or not policy.trigger.holds(state.triggers["trigger"]):
        return ()
    return (policy.learn,)


def planned(policy: Policy, learner: Learner, state: LoopState, ways: tuple[str, ...], now: datetime) -> Doing:
    """The update, with all that determines it."""
    files = _all_files(policy, learner, state, now) if SCRATCH in ways else ()
    pieces = tuple(piece.digest for piece in state.ready)
    return Doing(pieces, ways, state.champion, now.timestamp(), learner.entry, files)


def _all_files(policy: Policy, learner: Learner, state: LoopState, now: datetime) -> tuple[str, ...]:
    """All files that a fresh model is to learn, in their order: those of the champion, and new ones."""
    known = {file: piece for piece in (*state.learned, *state.ready) for file in piece.files}
    # What is not known is older than all that is; or came by hand, at the beginning.
    forgets = len(state.learned) == MOST and not _is_recent(policy, state.learned[0], now)
    return tuple(
        file
        for file in dict.fromkeys([*learner.files(state.champion), *files_of(state.ready)])
        if (_is_recent(policy, known[file], now) if file in known else not forgets)
    )


def _is_recent(policy: Policy, piece: Piece, now: datetime) -> bool:
    return policy.history is None or piece.youngest >= (now - period(policy.history)).timestamp()
