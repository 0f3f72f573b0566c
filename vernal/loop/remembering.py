"""What triggers remember between looks, kept for them in the loop's state."""

from __future__ import annotations

from dataclasses import replace

from vernal.base import Decision, digest
from vernal.loop.policy import Policy
from vernal.loop.state import LoopState
from vernal.triggers import Facts, Settled, State, Trigger


def triggers_of(policy: Policy) -> dict[str, Trigger]:
    """The triggers of a policy, by the names that the state has for them."""
    return {"trigger": policy.trigger} | ({"calibrate": policy.calibrate} if policy.calibrate else {})


def needs_of(policy: Policy) -> frozenset[str]:
    """What the triggers look at."""
    return frozenset().union(*(trigger.needs for trigger in triggers_of(policy).values()))


def asked(policy: Policy, state: LoopState, facts: Facts) -> tuple[LoopState, dict[str, Decision]]:
    """What the triggers say; one that is another than before begins anew."""
    said: dict[str, Decision] = {}
    states: dict[str, State] = {}
    known = _known(policy, state)
    for name, trigger in triggers_of(policy).items():
        before = known[name] if name in known else trigger.start()
        states[name], said[name] = trigger.look(before, facts)
    return replace(state, triggers=states, spelled=_spelled(policy)), said


def settled(policy: Policy, state: LoopState, settled: Settled) -> LoopState:
    """The state when the triggers were told what became of an update."""
    triggers = triggers_of(policy)
    after = {name: triggers[name].settle(known, settled) for name, known in _known(policy, state).items()}
    return replace(state, triggers={**state.triggers, **after})


def _known(policy: Policy, state: LoopState) -> dict[str, State]:
    """What those triggers remember that are the same as before."""
    spelled = _spelled(policy)
    return {name: state.triggers[name] for name in spelled if state.spelled.get(name) == spelled[name]}


def _spelled(policy: Policy) -> dict[str, str]:
    return {name: digest(repr(trigger)) for name, trigger in triggers_of(policy).items()}
