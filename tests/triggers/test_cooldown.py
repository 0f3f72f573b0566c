import pytest

from tests.triggers.doubles import Scripted, after, run
from vernal.base import ConfigError
from vernal.triggers import Cooldown, Facts, Rows, Settled


def said(trigger, hours, state=None, rows=0):
    return run(trigger, [Facts(after(hours=hour), rows=rows) for hour in hours], state)


def outcomes(script, hours):
    return "".join(decision.outcome[0] for decision in said(Cooldown(Scripted(script), "6h"), hours)[1])


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("mmmmm", "ukkuk"),  # Moments in between are lost.
        ("ukukk", "ukkuk"),  # What lasts is put off.
        ("uuukk", "ukkuk"),  # All that was put off is one fire.
        ("ukurk", "ukkkk"),  # What it fired for was over before the time was.
        ("kwkuk", "kwkuk"),
    ],
)
def test_within_the_time_it_does_not_fire_again(script, expected):
    assert outcomes(script, [0, 2, 4, 6, 8]) == expected


def test_several_fires_at_once_are_one_and_the_rest_is_recorded():
    _, (decision,) = said(Cooldown(Rows(100), "6h"), [0], rows=350)
    assert decision.fires == 1
    assert decision.evidence["suppressed"] == 2
    assert "Suppressed: 2 of 3, because there is one update in 6h at the most" in decision.why


def test_a_fire_that_comes_too_early_is_recorded_with_all_numbers():
    _, (_, decision) = said(Cooldown(Rows(100), "6h"), [0, 1], rows=100)
    assert decision.outcome == "keep"
    assert decision.evidence["suppressed"] == 1
    assert decision.evidence["until"] == "2026-03-02 06:00:00 UTC"
    assert decision.evidence["of"]["outcome"] == "update"
    assert decision.evidence["of"]["evidence"] == {"new_rows": 100, "rows": 100, "threshold": 100}


def test_the_time_begins_again_when_an_update_is_settled():
    trigger = Cooldown(Scripted("kmm"), "6h")
    state, _ = said(trigger, [0])
    state = trigger.settle(state, Settled(after(hours=2), promoted=False))
    _, decisions = said(trigger, [7.9, 8], state)
    assert [decision.outcome for decision in decisions] == ["keep", "update"]


@pytest.mark.parametrize(("promoted", "expected"), [(True, "keep"), (False, "update")])
def test_a_promoted_update_has_answered_what_was_put_off(promoted, expected):
    trigger = Cooldown(Scripted("mukk"), "6h")
    state, _ = said(trigger, [0, 1])
    state = trigger.settle(state, Settled(after(hours=2), promoted))
    assert said(trigger, [9], state)[1][0].outcome == expected


def test_it_needs_and_holds_what_the_other_one_does():
    trigger = Cooldown(Scripted("ur"), "6h")
    states = [said(trigger, [0, 1][:count])[0] for count in (1, 2)]
    assert [trigger.holds(state) for state in states] == [True, False]
    assert trigger.needs == frozenset()


def test_a_span_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="'soon' is no span of time"):
        Cooldown(Rows(1), "soon")
