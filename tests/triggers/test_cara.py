"""CARA's three rules: fitted on a history, and used as triggers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triggers.drifting import NOW, drift, facts, look, serve, step_drift
from vernal.base import ConfigError, DataError
from vernal.triggers import Settled
from vernal.triggers.cara import CaraCumulative, CaraPeriodic, CaraThreshold, Served, fit_cara, update_times
from vernal.worth import best_period, oracle, replay

RULES = [CaraThreshold(3.0), CaraCumulative(6.0), CaraPeriodic(4)]


def numbered(kind, number):
    return kind(number, step_rows=2, metric="loss")


@pytest.mark.parametrize("kind", [CaraThreshold, CaraCumulative, CaraPeriodic])
@pytest.mark.parametrize("seed", range(10))
def test_a_trigger_does_on_the_stream_what_its_rule_did_on_the_matrix(kind, seed):
    matrix = drift(step_drift(np.random.default_rng(seed)), lag=1)
    rule = numbered(kind, 3)
    found = serve(rule, matrix, 5.0, rows=2)
    assert found.times == update_times(rule, matrix)
    assert found.cost == pytest.approx(replay(found.times, matrix, 5.0))


@pytest.mark.parametrize("seed", range(10))
def test_a_fit_is_the_cheapest_number_and_never_cheaper_than_the_oracle(seed):
    rng = np.random.default_rng(seed)
    matrix, cost = drift(step_drift(rng, 30)), rng.uniform(1, 10)
    fit = fit_cara(matrix, cost)
    assert fit.costs["oracle"] == oracle(matrix, cost).cost
    for name, kind in (("threshold", CaraThreshold), ("cumulative", CaraCumulative)):
        number = getattr(fit, name)
        assert replay(update_times(kind(number), matrix), matrix, cost) == pytest.approx(fit.costs[name])
        tried = [replay(update_times(kind(x), matrix), matrix, cost) for x in np.linspace(0, matrix.sum(), 200)]
        # A fine grid can beat 256 of the thresholds by rank, but not by much.
        assert fit.costs["oracle"] - 1e-9 <= fit.costs[name] <= min(tried) * 1.02
    periods = [replay(update_times(CaraPeriodic(p), matrix), matrix, cost) for p in range(1, 31)]
    assert fit.costs["period"] == pytest.approx(min(periods))


def test_the_fitted_period_of_linear_decay_is_the_closed_form():
    # Staleness of age a costs a, in steps: K = 450 makes T* = 30, of which 60 steps have two.
    age = drift(np.arange(60.0))
    assert best_period(450, 1).length == 30
    assert fit_cara(age, 450.0).period == 30


@given(st.integers(0, 1000), st.floats(0.5, 10), st.floats(0, 10))
@settings(max_examples=40)
def test_a_higher_cost_never_fits_more_updates(seed, cost, more):
    matrix = drift(step_drift(np.random.default_rng(seed), 20))

    def updates(cost):
        fit = fit_cara(matrix, cost)
        rules = (CaraThreshold(fit.threshold), CaraCumulative(fit.cumulative), CaraPeriodic(fit.period))
        return np.array([len(update_times(rule, matrix)) for rule in rules])

    assert (updates(cost + more) <= updates(cost)).all()


@pytest.mark.parametrize("kind", [CaraThreshold, CaraCumulative, CaraPeriodic])
@given(seed=st.integers(0, 1000), number=st.integers(1, 10), more=st.integers(0, 10))
@settings(max_examples=40)
def test_a_higher_number_never_means_more_updates(kind, seed, number, more):
    matrix = drift(step_drift(np.random.default_rng(seed), 40))
    assert len(update_times(kind(number + more), matrix)) <= len(update_times(kind(number), matrix))


@pytest.mark.parametrize("kind", [CaraThreshold, CaraCumulative, CaraPeriodic])
@given(losses=st.lists(st.floats(0, 3), max_size=40), cuts=st.lists(st.integers(0, 40), max_size=4))
@settings(max_examples=60)
def test_decisions_do_not_depend_on_how_rows_arrive(kind, losses, cuts):
    it = kind(4, step_rows=3, metric="loss")
    whole, at_once = look(it, it.start(), facts(losses))
    state, decisions = it.start(), []
    for part in np.split(np.array(losses), sorted(cuts)):
        state, decision = look(it, state, facts(part))
        decisions.append(decision)
    assert state == whole
    # A period that is over calls for an update at every look until there is one.
    assert any(decision.yes for decision in decisions) == at_once.yes or kind is CaraPeriodic


def test_it_waits_for_a_first_step():
    it = CaraThreshold(1.0, step_rows=4, metric="loss")
    decision = look(it, it.start(), facts([1.0, 1.0, 1.0]))[1]
    assert (decision.outcome, decision.why) == ("wait", "3 of 4 labelled rows of the first step have come.")


def test_the_evidence_tells_what_the_next_step_would_cost():
    it = CaraThreshold(12.0, step_rows=2, value=10.0, metric="loss")
    state, _ = look(it, it.start(), facts([0.2, 0.4], cost=3.0))
    decision = look(it, state, facts([0.7, 0.5], cost=3.0))[1]
    assert decision.outcome == "keep"
    options = decision.evidence["options"]
    assert options["keep"]["cost"] == pytest.approx(12.0)
    assert options["update"]["cost"] == pytest.approx(3.0 + 6.0)
    # Two rows of deviation 0.1: their sum is known to 0.1 sqrt(2), times 1.96 and the value.
    reach = options["keep"]["interval"][1] - options["keep"]["cost"]
    assert reach == pytest.approx(1.959964 * 10 * 0.1 * np.sqrt(2))
    assert decision.why == "The last step has cost 12; more than 12 calls for an update."


def test_a_rejected_challenger_is_charged_and_begins_a_period():
    cumulative, periodic = (kind(4, step_rows=1, metric="loss") for kind in (CaraCumulative, CaraPeriodic))
    for it, again in ((cumulative, 3), (periodic, 4)):
        state, decision = look(it, it.start(), facts(np.ones(5)))
        assert decision.yes
        state = it.settle(state, Settled(NOW, promoted=False, cost=3.0))
        outcomes = []
        for _ in range(again):
            state, decision = look(it, state, facts([1.0]))
            outcomes.append(decision.outcome)
        assert outcomes == ["keep"] * (again - 1) + ["update"]


def test_a_promotion_begins_anew():
    it = CaraCumulative(4.0, step_rows=2, metric="loss")
    state, _ = look(it, it.start(), facts([1.0, 1.0, 1.0]))
    assert it.settle(state, Settled(NOW, promoted=True)) == it.start()


def test_the_rules_look_at_different_things():
    served = Served(staleness=2.0, accumulated=7.0, steps=3)
    assert [rule.statistic(served) for rule in RULES] == [2.0, 7.0, 3]
    assert [rule.is_due(served) for rule in RULES] == [False, True, False]


@pytest.mark.parametrize("wrong", [{"step_rows": 0}, {"value": -1}, {"confidence": 0.2}, {"cost": -1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=f"`{next(iter(wrong))}` must be"):
        CaraThreshold(1.0, **wrong)


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ConfigError, match="`threshold` must be at least 0"):
        CaraCumulative(-1.0)
    with pytest.raises(ConfigError, match="`period` must be at least 1"):
        CaraPeriodic(0)


def test_a_matrix_that_is_not_square_is_refused():
    with pytest.raises(DataError, match="must be square"):
        fit_cara(np.zeros((2, 3)), 1.0)
