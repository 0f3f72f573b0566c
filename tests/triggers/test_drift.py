from dataclasses import dataclass

import numpy as np
import pytest

from tests.triggers.doubles import NOW, after, run
from vernal.base import ConfigError
from vernal.drift import KS, Comparison, Monitor, TwoSampleTest
from vernal.triggers import Drift, Facts, Settled


@dataclass(frozen=True)
class ByMean(TwoSampleTest):
    """Sure of a difference if there is any, and of nothing where a current row is NaN."""

    def compare(self, reference, current, seed=0):
        effect = float(abs(current.mean() - reference.mean()))
        p = None if np.isnan(effect) else float(effect == 0)
        rows = len(reference), len(current)
        return Comparison("by mean", p, None, None if p is None else effect, "units", rows, note="NaN" * (p is None))


MONITOR = Monitor(tests={"features": ByMean()}, min_rows=2)


class Lazy(dict):
    """Samples that count how often they are made."""

    made = 0

    def __getitem__(self, name):
        self.made += 1
        return super().__getitem__(name)


def facts(shift, hours=0.0, rows=100, current=50):
    samples = {"features": (np.zeros((50, 1)), np.full((current, 1), float(shift)))}
    return Facts(after(hours=hours), rows=rows, samples=Lazy(samples))


def drift(**settings):
    return Drift(on=("features",), monitor=MONITOR, **settings)


def said(trigger, stream, state=None):
    return "".join(decision.outcome[0] for decision in run(trigger, stream, state)[1])


def test_it_fires_when_the_data_has_changed():
    _, (keep, update) = run(drift(), [facts(0), facts(1, 24)])
    assert (keep.outcome, update.outcome) == ("keep", "update")
    assert update.why.startswith("The data has changed.")
    comparison = update.evidence["test"]["evidence"]["comparisons"]["features"]
    assert (comparison["p"], comparison["effect"]) == (0.0, 1.0)


def test_it_tests_once_a_day_and_not_at_each_look():
    stream = [facts(1, hours) for hours in (0, 1, 12, 23.9, 24, 25)]
    assert said(drift(), stream) == "ukkkuk"
    assert [one.samples.made for one in stream] == [1, 0, 0, 0, 1, 0]


def test_it_tests_after_so_many_rows():
    stream = [facts(1, 0, rows) for rows in (10, 60, 39, 1, 300, 99)]
    assert said(drift(every=100), stream) == "ukkuuk"


def test_with_too_few_rows_since_the_change_it_waits():
    stream = [
        facts(0, 0, 500),
        facts(1, 24, 100),
        facts(1, 30, 100),
        facts(1, 36, 99),
        facts(1, 37, 1),
        facts(1, 38, 50),
    ]
    _, decisions = run(drift(enough=300), stream)
    assert [decision.outcome for decision in decisions] == ["keep", "wait", "wait", "wait", "update", "keep"]
    assert decisions[1].why.endswith("100 rows have come since it began, and 300 are needed to learn it.")
    assert decisions[1].evidence["rows_since"] == 100
    assert [one.samples.made for one in stream] == [1, 1, 0, 0, 1, 0]  # Tested again when there are enough.


def test_a_change_that_went_away_while_it_waited_does_not_fire():
    stream = [facts(0), facts(1, 24), facts(0, 25, 300), facts(1, 49, 100)]
    assert said(drift(enough=300), stream) == "kwkw"


def test_a_change_that_goes_on_after_a_rejected_update_fires_at_the_next_test():
    trigger = drift(enough=100)
    state, _ = run(trigger, [facts(0), facts(1, 24)])
    rejected = trigger.settle(state, Settled(after(hours=25), promoted=False))
    assert said(trigger, [facts(1, 30), facts(1, 48)], rejected) == "ku"
    promoted = trigger.settle(state, Settled(after(hours=25), promoted=True))
    assert said(trigger, [facts(1, 30), facts(1, 48, 0), facts(0, 72, 0)], promoted) == "kuk"


def test_rows_are_counted_from_the_new_champion_on():
    trigger = drift(enough=300)
    state, _ = run(trigger, [facts(0, 0, 1000), facts(1, 24, 1000)])
    state = trigger.settle(state, Settled(after(hours=25), promoted=True))
    assert said(trigger, [facts(1, 48, 299), facts(1, 49, 1)], state) == "wu"


def test_what_cannot_be_decided_is_a_reason_to_wait():
    assert said(drift(), [facts(float("nan")), facts(1, 1), facts(1, 24)]) == "wwu"
    _, (nothing,) = run(drift(), [Facts(NOW, rows=10)])
    assert (nothing.outcome, nothing.why) == ("wait", "There are no samples.")


def test_a_test_that_could_not_be_made_is_made_as_soon_as_there_are_rows():
    stream = [Facts(NOW), facts(1, 1, current=1), facts(0, 2), Facts(after(hours=26)), facts(1, 27)]
    assert said(drift(), stream) == "wwkwu"
    stream = [facts(0, 0), facts(1, 24), facts(1, 25, 300, current=1), facts(1, 26)]
    assert said(drift(enough=300), stream) == "kwwu"


def test_it_uses_what_there_is_of_the_samples_that_it_may_use():
    rng = np.random.default_rng(0)
    before, now = rng.normal(size=(2, 200, 4))
    samples = {"outputs": (before, now + 5), "features": (before, now)}
    assert Drift().needs == {"embeddings", "features"}
    assert run(Drift(), [Facts(NOW, rows=200, samples=samples)])[1][0].outcome == "keep"
    outputs = Drift(on=("outputs",))
    assert run(outputs, [Facts(NOW, rows=200, samples=samples)])[1][0].outcome == "update"


def test_false_alarms_are_counted_by_the_pace_of_the_tests():
    def alpha(trigger):
        samples = {"features": (np.zeros((200, 1)), np.zeros((200, 1)))}
        (decision,) = run(trigger, [Facts(NOW, samples=samples)])[1]
        return decision.evidence["test"]["evidence"]["alpha"]

    one_in_30 = Monitor(tests={"features": KS()})
    assert alpha(Drift(("features",), "1d", monitor=one_in_30)) == pytest.approx(1 / 30)
    assert alpha(Drift(("features",), "6h", monitor=one_in_30)) == pytest.approx(1 / 120)
    assert alpha(Drift(("features",), 1000, monitor=one_in_30)) == pytest.approx(1 / 30)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"on": "features"}, r"`on` must be names of samples, got 'features'\. Write e\.g\. on=\('features',\)"),
        ({"on": ()}, "`on` must be names of samples"),
        ({"every": "daily"}, "'daily' is no span of time"),
        ({"every": 0}, "`every` must be at least 1, got 0. Or write a span of time"),
        ({"every": "60d"}, "`false_alarms_per_month` must be above 0 and below `looks_per_month`"),
        ({"enough": -1}, "`enough` must be at least 0, got -1"),
    ],
)
def test_what_cannot_be_is_refused_at_once(settings, message):
    with pytest.raises(ConfigError, match=message):
        Drift(**settings)
