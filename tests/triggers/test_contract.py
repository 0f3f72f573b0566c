"""Every trigger of the door, held to the contract."""

import vernal.triggers
from vernal.drift import CUSUM, KS, Monitor
from vernal.testing import TriggerSuite
from vernal.triggers import (
    AccumulatedRegret,
    AllOf,
    Always,
    AnyOf,
    AtLeast,
    Budget,
    CaraCumulative,
    CaraPeriodic,
    CaraThreshold,
    Changed,
    Cooldown,
    Cron,
    Detector,
    Drift,
    Every,
    Forecast,
    Growth,
    Manual,
    Metric,
    Not,
    Rows,
    Trigger,
)

FEATURES = Drift(("features",), monitor=Monitor(tests={"features": KS()}))


class TestManual(TriggerSuite):
    def trigger(self):
        return Manual()


class TestAlways(TriggerSuite):
    def trigger(self):
        return Always()


class TestRows(TriggerSuite):
    every_cut = True

    def trigger(self):
        return Rows(90)


class TestGrowth(TriggerSuite):
    every_cut = True

    def trigger(self):
        return Growth(0.05)


class TestEvery(TriggerSuite):
    def trigger(self):
        return Every("9h")


class TestCron(TriggerSuite):
    def trigger(self):
        return Cron("30 2 * * *", tz="Europe/Zurich", catch_up="skip")


class TestCronForEachTick(TriggerSuite):
    every_cut = True

    def trigger(self):
        return Cron("30 2 * * *", tz="Europe/Zurich", catch_up="all")


class TestMetric(TriggerSuite):
    every_cut = True

    def trigger(self):
        return Metric("correct < 0.8", window=100, confidence=0.95)


class TestMetricOverTime(TriggerSuite):
    every_cut = True

    def trigger(self):
        return Metric("correct < champion - 0.1", window="2d", hysteresis=0.02)


class TestDetector(TriggerSuite):
    every_cut = True

    def trigger(self):
        return Detector("correct", CUSUM("down"))


class TestDrift(TriggerSuite):
    def trigger(self):
        return FEATURES


class TestDriftByRows(TriggerSuite):
    def trigger(self):
        return Drift(("features", "outputs"), every=200, enough=300)


class TestChanged(TriggerSuite):
    every_cut = True

    def trigger(self):
        return Changed()


class TestAllOf(TriggerSuite):
    def trigger(self):
        return AllOf(Rows(200), Cron("0 2 * * *"), FEATURES)


class TestAnyOf(TriggerSuite):
    def trigger(self):
        return AnyOf(Changed(), Rows(500), Metric("correct < 0.8", window=100))


class TestAtLeast(TriggerSuite):
    def trigger(self):
        return AtLeast(2, Changed(), Rows(500), Metric("correct < 0.8", window=100))


class TestNot(TriggerSuite):
    def trigger(self):
        return Not(Metric("correct < 0.8", window=100))


class TestCooldown(TriggerSuite):
    def trigger(self):
        return Cooldown(Rows(30) | FEATURES, "1d")


class TestBudget(TriggerSuite):
    def trigger(self):
        return Budget(Rows(30), updates=3, cost=10.0, per="2d")


class TestAccumulatedRegret(TriggerSuite):
    def trigger(self):
        return AccumulatedRegret(cost=20, fresh_rows=200)


class TestCaraThreshold(TriggerSuite):
    def trigger(self):
        return CaraThreshold(threshold=30.0, step_rows=100)


class TestCaraCumulative(TriggerSuite):
    def trigger(self):
        return CaraCumulative(threshold=100.0, step_rows=100)


class TestCaraPeriodic(TriggerSuite):
    def trigger(self):
        return CaraPeriodic(period=3, step_rows=100)


class TestForecast(TriggerSuite):
    def trigger(self):
        return Forecast(cost=20, step_rows=100)


def test_no_trigger_is_left_out():
    suites = [value for value in globals().values() if isinstance(value, type) and issubclass(value, TriggerSuite)]
    tested = {type(suite().trigger()) for suite in suites if suite is not TriggerSuite}
    door = {value for value in vars(vernal.triggers).values() if isinstance(value, type) and issubclass(value, Trigger)}
    assert tested == door - {Trigger}
    assert Cron in tested
