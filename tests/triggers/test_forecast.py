"""The forecast of both options, and what follows from it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triggers.drifting import NOW, drift, facts, look, serve
from vernal.base import ConfigError
from vernal.triggers import Settled
from vernal.triggers.forecast import Forecast
from vernal.worth import oracle


def trigger(cost, **settings):
    return Forecast(**({"cost": cost, "metric": "loss", "step_rows": 2} | settings))


def steps(means, rows=2):
    return facts(np.repeat(means, rows))


def test_a_model_that_goes_stale_is_updated_and_a_stable_one_kept():
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.01, 20)
    it = trigger(cost=1.0)
    assert look(it, it.start(), steps(0.2 + noise))[1].outcome == "keep"
    assert look(it, it.start(), steps(0.2 + 0.02 * np.arange(20) + noise))[1].outcome == "update"


def history(loss, n=12):
    """``(n, n)`` the loss of every model at every later step, by its age and by the time."""
    time, made = np.arange(n)[None, :], np.arange(n)[:, None]
    noise = np.random.default_rng(3).normal(0, 0.005, (n, n))
    return np.where(time >= made, loss(time - made, time) + noise, np.nan)


def test_a_history_tells_staleness_from_harder_times():
    it = trigger(cost=1.0)
    stale = it.after(history(lambda age, time: 0.2 + 0.03 * age))
    hard = it.after(history(lambda age, time: 0.2 + 0.03 * time))
    rising = steps(0.2 + 0.03 * np.arange(12, 14))
    assert look(it, stale, rising)[1].outcome == "update"
    assert look(it, hard, rising)[1].outcome == "keep"


def test_both_options_are_forecast_with_intervals():
    it = trigger(cost=5.0, value=10.0, horizon=4)
    decision = look(it, it.start(), steps(0.3 + np.random.default_rng(4).normal(0, 0.02, 30)))[1]
    keep, update = (decision.evidence["options"][name] for name in ("keep", "update"))
    # Four steps of two rows with a loss of 0.3 and a value of 10 each.
    assert keep["cost"] == pytest.approx(24, rel=0.1)
    assert update["cost"] == pytest.approx(5 + 24, rel=0.1)
    assert keep["interval"][0] < keep["cost"] < keep["interval"][1]
    assert decision.evidence["statistic"] == pytest.approx(
        decision.evidence["quantiles"]["keep"] - decision.evidence["quantiles"]["update"]
    )


def test_it_waits_where_updating_is_expected_to_pay_and_its_bad_case_does_not():
    # Of one model only, age and time are the same, and what a new one would do is less sure than what this one will.
    means = 0.2 + 0.01 * np.arange(20) + np.random.default_rng(5).normal(0, 0.02, 20)

    def last(cost):
        it = trigger(cost, horizon=1)
        return look(it, look(it, it.start(), steps(means[:-1]))[0], steps(means[-1:]))[1]

    evidence = last(0.0).evidence
    expected = evidence["options"]["keep"]["cost"] - evidence["options"]["update"]["cost"]
    assert evidence["statistic"] < expected
    assert last((evidence["statistic"] + expected) / 2).outcome == "wait"


@given(st.lists(st.floats(0, 1), min_size=5, max_size=25), st.floats(0, 5), st.floats(0, 5))
@settings(max_examples=60)
def test_what_is_updated_at_a_higher_cost_is_updated_at_a_lower(means, cost, more):
    dear, cheap = (look(it := trigger(price), it.start(), steps(means))[1] for price in (cost + more, cost))
    assert cheap.yes or not dear.yes


@given(st.lists(st.floats(0, 1), max_size=40), st.lists(st.integers(0, 40), max_size=4))
@settings(max_examples=60)
def test_decisions_do_not_depend_on_how_rows_arrive(losses, cuts):
    it = trigger(0.5, step_rows=3)
    whole, at_once = look(it, it.start(), facts(losses))
    state, decisions = it.start(), []
    for part in np.split(np.array(losses), sorted(cuts)):
        state, decision = look(it, state, facts(part))
        decisions.append(decision)
    assert state == whole
    if at_once.yes:
        assert any(decision.yes for decision in decisions)


def test_it_waits_for_five_steps_and_for_a_price():
    it = trigger(None)
    decision = look(it, it.start(), steps([0.1] * 4))[1]
    assert (decision.outcome, decision.why) == ("wait", "4 of 5 steps of 2 labelled rows have been observed.")
    assert "not known yet" in look(it, it.start(), steps([0.1] * 5))[1].why


def test_a_promotion_keeps_what_was_learned_and_a_rejection_is_charged():
    it = trigger(cost=1.0)
    state, _ = look(it, it.start(), steps(np.linspace(0.2, 0.5, 8)))
    promoted = it.settle(state, Settled(NOW, promoted=True, cost=2.0))
    assert (promoted["age"], promoted["charged"], promoted["observed"]) == (0, 0.0, state["observed"])
    rejected = it.settle(state, Settled(NOW, promoted=False, cost=2.0))
    before, after = (look(it, s, steps([0.5]))[1].evidence["options"]["update"]["cost"] for s in (state, rejected))
    assert after == pytest.approx(before + 2.0)


def test_it_remembers_no_more_than_it_needs():
    it = trigger(cost=1e9)
    state, _ = look(it, it.start(), steps(np.full(300, 0.2)))
    assert len(state["observed"]) == 200


def test_on_linear_decay_it_comes_near_the_oracle():
    matrix, cost = drift(np.arange(120.0), lag=1), 50.0
    found = serve(trigger(cost, step_rows=1), matrix, cost)
    assert len(found.times) > 5
    assert oracle(matrix, cost).cost <= found.cost <= 1.5 * oracle(matrix, cost).cost


def test_shares_of_wrong_answers_stay_shares():
    it = Forecast(cost=1.0, step_rows=2, horizon=3)
    decision = look(it, it.start(), facts(np.repeat([0.0, 0, 0, 1, 1, 1], 2), "correct"))[1]
    assert decision.evidence["options"]["keep"]["interval"] == [pytest.approx(0, abs=6), 6.0]


@pytest.mark.parametrize("wrong", [{"cost": -1}, {"value": -1}, {"step_rows": 0}, {"horizon": 0}, {"confidence": 1.0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=f"`{next(iter(wrong))}` must be"):
        Forecast(**wrong)
