"""The suite finds what is wrong with a trigger: each of these breaks one promise."""

from dataclasses import dataclass, field

import pytest

from vernal.base import Decision
from vernal.testing import TriggerSuite
from vernal.triggers import Rows, Trigger


@dataclass(frozen=True)
class Right(Trigger):
    """Counts right answers."""

    needs = frozenset({"correct"})

    def start(self):
        return {"right": 0, "looks": 0}

    def look(self, state, facts):
        values = facts.values.get("correct")
        total = state["right"] + (0 if values is None else int(values[:, 1].sum()))
        fires, right = divmod(total, 100)
        after = {"right": right, "looks": state["looks"] + 1}
        return after, self.decision(after, fires)

    def decision(self, state, fires):
        return Decision("update" if fires else "keep", f"{state['right']} are right.", {"right": state["right"]}, fires)


@dataclass(frozen=True)
class Open(Right):
    """Has settings that can be changed."""

    amount: int = 100


Open.__setattr__ = object.__setattr__


class Odd(Right):
    """Keeps a set, which comes back from JSON as something else, or not at all."""

    def look(self, state, facts):
        after, decision = super().look(state, facts)
        return {**after, "places": (1, 2)}, decision


@dataclass(frozen=True)
class Forgetful(Right):
    """Remembers outside of its state."""

    memory: list = field(default_factory=list, compare=False)

    def look(self, state, facts):
        self.memory.append(facts.rows)
        after, decision = super().look(state, facts)
        return after, Decision("keep", decision.why, {"sum": sum(self.memory)})


class Moody(Right):
    """Decides differently each time."""

    moods = iter(range(10**6))

    def decision(self, state, fires):
        return Decision("keep", "As I please.", {"mood": next(self.moods)})


class Vandal(Right):
    def look(self, state, facts):
        after, decision = super().look(state, facts)
        state["right"] = 0
        return after, decision


class Curious(Right):
    """Looks at what it does not ask for."""

    needs = frozenset()


class Silent(Right):
    def decision(self, state, fires):
        return Decision("keep", "", {"right": 0})


class Sloppy(Right):
    """Says that it fired, and does not fire."""

    def decision(self, state, fires):
        return Decision("keep", "Sure.", {"right": 0}, fires=1)


class Demanding(Right):
    """Takes for granted that all is known."""

    def look(self, state, facts):
        facts.values["correct"]
        return super().look(state, facts)


class Amnesic(Right):
    """Forgets what an update has left of its state."""

    def settle(self, state, settled):
        return {"right": float("nan")}


class Vague(Right):
    def holds(self, state):
        return "perhaps"


class Hasty(Right):
    """Fires once a look, whatever came."""

    def decision(self, state, fires):
        return super().decision(state, min(fires, 1))


def suite(trigger):
    class Suite(TriggerSuite):
        every_cut = True

        def trigger(self):
            return trigger()

    return Suite()


@pytest.mark.parametrize(
    ("trigger", "law"),
    [
        (Open, "test_its_settings_are_values_that_stay"),
        (Odd, "test_its_state_is_plain"),
        (Forgetful, "test_a_restart_between_any_two_looks_changes_nothing"),
        (Moody, "test_the_same_facts_give_the_same_decision"),
        (Vandal, "test_it_leaves_what_it_is_shown_alone"),
        (Curious, "test_it_looks_at_nothing_but_what_it_needs"),
        (Silent, "test_its_decisions_can_be_stored_and_read"),
        (Sloppy, "test_its_decisions_can_be_stored_and_read"),
        (Demanding, "test_a_look_at_which_nothing_is_known_is_no_trouble"),
        (Amnesic, "test_it_goes_on_after_an_update_was_settled"),
        (Vague, "test_it_says_whether_a_fire_holds"),
        (Hasty, "test_it_fires_as_often_however_the_stream_is_cut"),
    ],
)
def test_what_is_broken_is_found(trigger, law):
    with pytest.raises((AssertionError, pytest.fail.Exception, KeyError, ValueError)):
        getattr(suite(trigger), law)()
    getattr(suite(Right), law)()


def test_a_stream_in_which_nothing_fires_proves_nothing():
    with pytest.raises(AssertionError, match="It never fires in this stream: override `stream`"):
        suite(lambda: Rows(10**9)).test_it_fires_as_often_however_the_stream_is_cut()


def test_what_cannot_be_read_is_found():
    class Spelled(Rows):
        __module__ = "vernal.triggers.rows"

        def __str__(self):
            return "rows(1)"

    with pytest.raises(AssertionError):
        suite(lambda: Spelled(5)).test_it_can_be_written_and_read()
    suite(lambda: Rows(5)).test_it_can_be_written_and_read()
