from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triggers.doubles import NOW, after, fires, run
from vernal.base import ConfigError
from vernal.triggers import Cron, Facts

ZURICH = ZoneInfo("Europe/Zurich")
HOURLY = "0 * * * *"


def each(minutes, begin, end):
    """A look every so many minutes."""
    count = int((end - begin) / timedelta(minutes=minutes))
    return [Facts(begin + timedelta(minutes=minutes) * i) for i in range(count + 1)]


def fired_at(trigger, stream):
    _, decisions = run(trigger, stream)
    return [facts.now for facts, decision in zip(stream, decisions, strict=True) if decision.yes]


def test_monday_is_monday_in_summer_time_too():
    monday = Cron("0 2 * * 1", tz="Europe/Zurich")
    following = monday.next(datetime(2026, 3, 27, 12, tzinfo=ZURICH))
    assert following.isoformat() == "2026-03-30T02:00:00+02:00"
    assert monday.next(following).isoformat() == "2026-04-06T02:00:00+02:00"


@pytest.mark.parametrize("minutes", [1, 7, 60])
@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (datetime(2026, 3, 29), "2026-03-29T03:00:00+02:00"),  # 02:30 is not there.
        (datetime(2026, 10, 25), "2026-10-25T02:30:00+02:00"),  # 02:30 is there twice.
    ],
)
def test_daily_at_half_past_two_fires_once_on_the_days_when_clocks_change(day, expected, minutes):
    begin = day.replace(tzinfo=ZURICH).astimezone(UTC)
    stream = each(minutes, begin, begin + timedelta(hours=23))
    daily = Cron("30 2 * * *", tz="Europe/Zurich", catch_up="all")
    (fired,) = fired_at(daily, stream)
    late = fired - datetime.fromisoformat(expected)
    assert timedelta(0) <= late < timedelta(minutes=minutes)


@pytest.mark.parametrize(("catch_up", "expected"), [("skip", 0), ("once", 1), ("all", 72)])
def test_three_days_without_a_look_at_an_hourly_schedule(catch_up, expected):
    stream = [Facts(after(minutes=30)), Facts(after(days=3, minutes=30))]
    assert fires(Cron(HOURLY, catch_up=catch_up), stream) == [0, expected]


def test_after_missed_ticks_the_next_one_that_is_seen_in_time_fires():
    stream = [Facts(after(minutes=30)), *each(1, after(days=3, minutes=30), after(days=3, minutes=90))]
    assert fired_at(Cron(HOURLY, catch_up="skip"), stream) == [after(days=3, hours=1)]


@pytest.mark.parametrize(("late", "expected"), [(4.9, 1), (5.1, 0)])
def test_a_tick_is_missed_when_it_is_seen_after_its_grace(late, expected):
    stream = [Facts(after(minutes=59)), Facts(after(minutes=60 + late))]
    assert fires(Cron(HOURLY, catch_up="skip", grace="5min"), stream) == [0, expected]
    assert fires(Cron(HOURLY), stream) == [0, 1]


def test_a_look_at_the_very_tick_fires_once():
    assert fires(Cron(HOURLY), [Facts(after(minutes=59)), Facts(after(hours=1)), Facts(after(hours=1))]) == [0, 1, 0]


def test_the_schedule_begins_with_the_first_look():
    assert fires(Cron(HOURLY), [Facts(NOW)]) == [0]


def test_a_clock_that_goes_back_repeats_no_tick():
    stream = [Facts(after(minutes=50)), Facts(after(minutes=70)), Facts(after(minutes=55)), Facts(after(minutes=75))]
    assert fires(Cron(HOURLY, catch_up="all"), stream) == [0, 1, 0, 0]


@given(
    st.lists(st.integers(1, 40_000), min_size=1, max_size=30),
    st.sampled_from(["30 2 * * *", "*/20 * * * *", "15 */6 * * *", "59 1 25 10 *", "0 3 * * 0"]),
    st.sampled_from([datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)]),
)
def test_each_tick_is_dealt_with_exactly_once_however_the_looks_fall(steps, schedule, begin):
    """Also while clocks change: against all ticks in one sweep from the beginning."""
    trigger = Cron(schedule, tz="Europe/Zurich", catch_up="all")
    moments = [begin]
    for step in steps:
        moments.append(moments[-1] + timedelta(seconds=step))
    ticks, tick = [], trigger.next(begin)
    while tick.astimezone(UTC) <= moments[-1]:
        ticks.append(tick.astimezone(UTC))
        tick = trigger.next(tick)
    assert all(one < other for one, other in pairwise(ticks))
    counted = fires(trigger, [Facts(moment) for moment in moments])
    expected = [sum(one < tick <= other for tick in ticks) for one, other in pairwise(moments)]
    assert counted == [0, *expected]


def test_it_says_when_it_was_due_and_when_it_will_be():
    _, (keep, update) = run(Cron("0 2 * * 1", tz="Europe/Zurich"), [Facts(NOW), Facts(after(days=1))])
    assert keep.why == "The next tick of '0 2 * * 1' (Europe/Zurich) is 2026-03-02T02:00:00+01:00."
    assert update.why == "A tick of '0 2 * * 1' (Europe/Zurich) has come."
    assert update.evidence["next"] == "2026-03-09T02:00:00+01:00"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schedule": "0 2 * *"}, r"'0 2 \* \*' is no schedule: Wrong number of fields\. Write minute"),
        ({"schedule": "61 2 * * *"}, "is no schedule: Bad minute"),
        ({"schedule": "0 0 31 2 *"}, "is no schedule: Bad day-of-month"),
        ({"schedule": HOURLY, "tz": "Europe/Zurch"}, r"'Europe/Zurch' is no time zone\. Did you mean 'Europe/Zurich'"),
        ({"schedule": HOURLY, "tz": "Europe"}, "'Europe' is no time zone"),
        ({"schedule": HOURLY, "catch_up": "al"}, "`catch_up` cannot be 'al'. Did you mean 'all'"),
        ({"schedule": HOURLY, "grace": "5"}, "'5' is no span of time"),
    ],
)
def test_what_cannot_be_is_refused_at_once(settings, message):
    with pytest.raises(ConfigError, match=message):
        Cron(**settings)
