"""Betting on paired differences: the promises hold at every label, and the power is that of the facts."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernal.base import ConfigError, DataError, StateError
from vernal.gate import EProcess

DISCORDANCE = 0.08
HORIZON = 4000
differences = st.lists(st.sampled_from([-1.0, -0.3, 0.0, 0.0, 0.5, 1.0]), max_size=80)


def answers(delta, n, seed):
    """Differences of two models of which one is right and the other wrong on 8 % of the items: -1, 0 or 1."""
    u = np.random.default_rng(seed).random(n)
    return np.where(u < (DISCORDANCE + delta) / 2, 1.0, np.where(u < DISCORDANCE, -1.0, 0.0))


def run(process, delta, seeds, n=HORIZON):
    """Evidence after n labels, looked at after every one: a look at many is the same as many looks."""
    return [process.evidence(process.look(process.start(), answers(delta, n, seed))) for seed in seeds]


def share(found, outcome):
    return sum(evidence[outcome] for evidence in found) / len(found)


def median_stop(found):
    return np.median([evidence["decided_at"] or math.inf for evidence in found])


def without_none(evidence):
    return {name: value for name, value in evidence.items() if value is not None}


def by_the_definition(x, margin, alpha):
    """Wealth of the better and the worse bet, label by label, in plain Python."""
    better, worse, seen, squares = [1.0] * 4, [1.0] * 4, [], 0.0
    for n, d in enumerate(x, start=1):
        mean = sum(seen) / n
        variance = (0.25 + squares) / n
        for i, horizon in enumerate((100, 400, 1600, 6400)):
            most = 0.5 / (1 + max(margin, abs(mean)))
            bet = min(math.sqrt(2 * math.log(1 / alpha) / (horizon * variance)), most)
            better[i] *= 1 + bet * (d + margin)
            worse[i] *= 1 - bet * (d + margin)
        seen.append(d)
        squares += (d - sum(seen) / (n + 1)) ** 2
    return sum(better) / 4, sum(worse) / 4


@given(x=differences, margin=st.sampled_from([0.0, 0.01, 0.2]))
def test_wealth_is_what_the_bets_make_of_it(x, margin):
    process = EProcess(margin=margin)
    evidence = process.evidence(process.look(process.start(), x))
    assert (evidence["e_value"], evidence["e_value_worse"]) == pytest.approx(by_the_definition(x, margin, 0.05))


@settings(max_examples=50)
@given(seed=st.integers(0, 50), cuts=st.lists(st.integers(0, 500), max_size=5))
def test_looking_in_any_portions_and_through_json_gives_the_same_evidence(seed, cuts):
    x, process = answers(0.04, 500, seed), EProcess()
    state = process.start()
    edges = [0, *sorted(cuts), len(x)]
    for start, stop in zip(edges, edges[1:], strict=False):
        state = json.loads(json.dumps(process.look(state, x[start:stop]), allow_nan=False))
    whole = process.evidence(process.look(process.start(), x))
    assert without_none(process.evidence(state)) == pytest.approx(without_none(whole), rel=1e-12, abs=1e-12)


def test_one_by_one_is_in_bulk():
    x, process = answers(0.1, 300, 0), EProcess()
    state, decisions = process.start(), []
    for d in x:
        state = process.look(state, [d])
        decisions.append(process.evidence(state)["promote"])
    whole = process.evidence(process.look(process.start(), x))
    assert process.evidence(state) == pytest.approx(whole, rel=1e-12, abs=1e-12)
    assert decisions.index(True) + 1 == whole["decided_at"]


@given(x=differences)
def test_exchanging_the_models_exchanges_promotion_and_rejection(x):
    process = EProcess()
    ours, theirs = (process.evidence(process.look(process.start(), sign * np.array(x))) for sign in (1.0, -1.0))
    assert ours["e_value"] == pytest.approx(theirs["e_value_worse"])
    assert (ours["promote"], ours["reject"]) == (theirs["reject"], theirs["promote"])


def test_the_wealth_of_a_fair_bet_is_one_on_average():
    """The mean over all 3^6 equally likely sequences of six labels of equal models."""
    process = EProcess()
    sequences = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 6), axis=-1).reshape(-1, 6)
    for name in ("e_value", "e_value_worse"):
        wealth = [process.evidence(process.look(process.start(), x))[name] for x in sequences]
        assert np.mean(wealth) == pytest.approx(1)


@pytest.mark.law
def test_looking_at_every_label_promotes_equal_models_in_no_more_than_five_percent():
    """At most .05 is guaranteed for any number of labels. Tolerance: 3 standard errors of 300 runs."""
    found = run(EProcess(), 0.0, range(300))
    assert share(found, "promote") <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)
    assert share(found, "reject") <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


@pytest.mark.law
def test_two_points_are_found_with_the_power_of_the_facts_in_no_more_labels():
    """Facts: .948 within 4,000 labels, median 1,250. Tolerance: 3 standard errors of 300 runs."""
    found = run(EProcess(), 0.02, range(300))
    assert share(found, "promote") >= 0.948 - 3 * math.sqrt(0.948 * 0.052 / 300)
    assert median_stop(found) <= 1250 + 150


@pytest.mark.law
def test_not_worse_by_a_point_holds_its_level_at_the_margin_and_its_power_a_point_above():
    """Facts: .0235 at the margin (at most .05 is guaranteed), .943 where the challenger is a point better."""
    process = EProcess(margin=0.01)
    at_the_margin, above = run(process, -0.01, range(300)), run(process, 0.01, range(300))
    assert share(at_the_margin, "promote") <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)
    assert share(above, "promote") >= 0.943 - 3 * math.sqrt(0.943 * 0.057 / 300)


@pytest.mark.law
def test_a_worse_challenger_is_rejected_and_hardly_ever_promoted():
    found = run(EProcess(margin=0.01), -0.03, range(200))
    assert share(found, "reject") >= 0.9
    assert share(found, "promote") <= 0.02


@pytest.mark.slow
@pytest.mark.law
def test_the_facts_hold_over_two_thousand_runs():
    runs, error = range(2000), 3 * math.sqrt(0.05 * 0.95 / 2000)
    assert share(run(EProcess(), 0.0, runs), "promote") <= 0.05 + error
    assert share(run(EProcess(margin=0.01), -0.01, runs), "promote") <= 0.05 + error
    better = run(EProcess(), 0.02, runs)
    assert share(better, "promote") >= 0.948 - error
    assert median_stop(better) <= 1250
    assert share(run(EProcess(margin=0.01), 0.01, runs), "promote") >= 0.943 - error


@pytest.mark.law
@pytest.mark.parametrize("delta", [0.0, 0.02, 0.08])
def test_the_lower_bound_stays_below_the_truth_at_all_times(delta):
    """In at least 95 % of the runs, looked at every 50 labels, up to 3 standard errors of 100 runs."""
    process, broken = EProcess(), 0
    for seed in range(100):
        state, above = process.start(), False
        for part in answers(delta, 1000, seed).reshape(-1, 50):
            state = process.look(state, part)
            above |= process.lower(state) > delta
        broken += above
    assert broken / 100 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 100)


def test_the_lower_bound_comes_close_to_the_mean():
    """A bound for 10,000 labels only lies 1.645 sqrt(.08 / 10,000) = .0047 below the mean; one for all n about .01."""
    process = EProcess()
    evidence = process.evidence(process.look(process.start(), answers(0.02, 10_000, 0)))
    assert evidence["mean"] - 0.011 <= evidence["lower"] <= evidence["mean"] - 0.0047


def test_a_decision_stays_whatever_comes_later():
    process = EProcess()
    state = process.look(process.start(), np.ones(50))
    decided = process.evidence(state)
    later = process.evidence(process.look(state, -np.ones(500)))
    assert decided["promote"]
    assert later["promote"]
    assert not later["reject"]
    assert later["decided_at"] == decided["decided_at"]


def test_nothing_seen_says_nothing():
    process = EProcess()
    assert process.look(process.start(), []) == process.start()
    evidence = process.evidence(process.start())
    assert (evidence["e_value"], evidence["n"], evidence["mean"], evidence["lower"]) == (1.0, 0, None, -1.0)
    assert not evidence["promote"]
    assert not evidence["reject"]
    assert evidence["threshold"] == 20


def test_equal_answers_show_that_it_is_not_worse_by_a_margin_but_not_that_it_is_better():
    zeros = np.zeros(2000)
    equal, margin = EProcess(), EProcess(margin=0.01)
    assert not equal.evidence(equal.look(equal.start(), zeros))["promote"]
    assert margin.evidence(margin.look(margin.start(), zeros))["promote"]


def test_overwhelming_evidence_is_still_a_number_in_json():
    process = EProcess()
    evidence = process.evidence(process.look(process.start(), np.ones(10_000)))
    assert json.loads(json.dumps(evidence, allow_nan=False))["e_value"] > 1e300


@pytest.mark.parametrize("value", [1.5, -2.0, math.nan])
def test_differences_that_are_none_are_refused(value):
    process = EProcess()
    with pytest.raises(DataError, match=f"between -1 and 1.*and {value}. Scale losses by a bound"):
        process.look(process.start(), [0.0, value])


def test_a_state_of_other_settings_is_refused():
    with pytest.raises(StateError, match="keeps its settings from its first label on"):
        EProcess(margin=0.01).look(EProcess().start(), [0.0])


def test_settings_out_of_range_are_refused():
    with pytest.raises(ConfigError, match="`margin` must be between 0 and 0.9, got 1.0"):
        EProcess(margin=1.0)
    with pytest.raises(ConfigError, match="`alpha` must be between"):
        EProcess(alpha=0.0)
