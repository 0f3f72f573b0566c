import pytest

from tests.triggers.doubles import Scripted, after, run
from vernal.base import ConfigError
from vernal.triggers import Budget, Facts, Rows, Settled


def said(trigger, hours, state=None, **facts):
    return run(trigger, [Facts(after(hours=hour), **facts) for hour in hours], state)


def test_after_three_updates_a_day_further_fires_are_recorded_as_suppressed():
    trigger = Budget(Scripted("mmmmmm"), updates=3, per="1d")
    _, decisions = said(trigger, [0, 1, 2, 3, 23.9, 24.1])
    assert [decision.fires for decision in decisions] == [1, 1, 1, 0, 0, 1]
    assert [decision.evidence["suppressed"] for decision in decisions] == [0, 0, 0, 1, 1, 0]
    assert decisions[3].why.endswith("Suppressed: 1 of 1, because 3 updates in 1d are the limit, and 3 had been made.")
    assert decisions[3].evidence["of"]["outcome"] == "update"


def test_fires_of_one_look_are_counted_one_by_one():
    _, (decision,) = said(Budget(Rows(100), updates=3), [0], rows=1000)
    assert (decision.fires, decision.evidence["suppressed"]) == (3, 7)


def test_what_lasts_is_put_off_until_there_is_room():
    trigger = Budget(Scripted("uukk"), updates=1)
    _, decisions = said(trigger, [0, 1, 23, 24])
    assert [decision.outcome for decision in decisions] == ["update", "keep", "keep", "update"]
    assert decisions[3].why == "scripted('uukk') was put off before."


def spend(trigger, state, hour, cost, promoted=True):
    return trigger.settle(state, Settled(after(hours=hour), promoted, cost=cost))


def test_an_update_that_costs_more_than_is_left_is_suppressed():
    trigger = Budget(Scripted("mmmmm"), cost=10.0, per="1d")
    state, (first,) = said(trigger, [0])
    assert first.yes  # Nobody knows yet what it costs, and there is something left.
    state = spend(trigger, state, 0.5, 4.0, promoted=False)  # One that was rejected has cost as much.
    state, (second,) = said(trigger, [1], state, cost=4.0)
    assert second.yes
    state = spend(trigger, state, 1.5, 4.0)
    state, (third,) = said(trigger, [2], state, cost=4.0)
    assert not third.yes
    assert third.why.endswith("because 10 in 1d is the limit, 8 had been spent, and the next one costs 4.")
    state, (cheaper,) = said(trigger, [3], state, cost=2.0)
    assert cheaper.yes
    _, (tomorrow,) = said(trigger, [24.6], state, cost=4.0)
    assert tomorrow.yes
    assert tomorrow.evidence["spent"] == 4.0


def test_costs_of_updates_that_others_decided_upon_count():
    trigger = Budget(Scripted("m"), cost=10.0)
    state = spend(trigger, trigger.start(), -1, 10.0)
    assert said(trigger, [0], state)[1][0].outcome == "keep"


def test_what_is_remembered_is_that_of_one_period():
    trigger = Budget(Scripted("m" * 200), updates=3, cost=100.0)
    state, _ = said(trigger, [])
    for hour in range(200):
        state, (decision,) = said(trigger, [hour], state)
        state = spend(trigger, state, hour, 1.0) if decision.yes else state
    assert len(state["fires"]) <= 3
    assert len(state["costs"]) <= 4


def test_a_clock_that_says_the_same_twice_is_no_trouble():
    _, decisions = said(Budget(Scripted("mm"), updates=1), [0, 0])
    assert [decision.fires for decision in decisions] == [1, 0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "A budget needs a limit. Give `updates`, `cost`, or both."),
        ({"updates": 0}, "`updates` must be at least 1, got 0"),
        ({"cost": -1}, "`cost` must be at least 0, got -1"),
        ({"updates": 1, "per": "day"}, "'day' is no span of time"),
    ],
)
def test_what_is_no_limit_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        Budget(Rows(1), **settings)
