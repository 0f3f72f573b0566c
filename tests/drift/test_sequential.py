"""What holds for every detector in the door."""

from __future__ import annotations

import json
import sys
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernal.base import ConfigError, DataError, MissingExtra, StateError
from vernal.drift import DETECTORS

NAMES = DETECTORS.names()
every_detector = pytest.mark.parametrize("name", NAMES)
every_direction = pytest.mark.parametrize("direction", ["up", "down", "both"])


def errors(*parts, seed=0):
    """Errors, 0 or 1: `parts` are pairs of a number of values and a rate."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.random(n) < rate for n, rate in parts]).astype(float)


def through_json(detector):
    return detector.restored(json.loads(json.dumps(detector.state(), allow_nan=False)))


def test_the_door_has_six_detectors_and_none_that_cries_wolf():
    assert NAMES == ["adwin", "cusum", "ddm", "hddm_a", "hddm_w", "page_hinkley"]


@every_detector
@every_direction
@settings(max_examples=15)
@given(seed=st.integers(0, 100), cuts=st.lists(st.integers(0, 1800), max_size=4))
def test_a_stream_cut_anywhere_and_carried_on_from_json_gives_the_same_decisions(name, direction, seed, cuts):
    stream = errors((700, 0.2), (500, 0.5), (600, 0.1), seed=seed)
    whole = DETECTORS.find(name)(direction=direction)
    expected = whole.update_many(stream)

    detector, alarms, last = DETECTORS.find(name)(direction=direction), [], None
    edges = [0, *sorted(cuts), len(stream)]
    for start, stop in zip(edges, edges[1:], strict=False):
        found = through_json(detector)
        decision = found.update_many(stream[start:stop])
        alarms += [start + at for at in decision.evidence["alarms"]]
        last = decision.evidence if decision.fires else last
        detector = found

    assert alarms == expected.evidence["alarms"]
    assert detector.state() == whole.state()
    assert last is None or last | {"alarms": []} == expected.evidence | {"alarms": []}


@every_detector
def test_one_by_one_is_all_at_once(name):
    stream = errors((600, 0.1), (300, 0.6))
    one, many = DETECTORS.find(name)(), DETECTORS.find(name)()
    decisions = [one.update(x) for x in stream]
    assert [i for i, decision in enumerate(decisions) if decision.fires] == many.update_many(stream).evidence["alarms"]
    assert one.state() == many.state()


@every_detector
@pytest.mark.parametrize(("direction", "rising", "falling"), [("up", 1, 0), ("down", 0, 1), ("both", 1, 1)])
def test_a_change_is_an_alarm_in_the_direction_that_was_asked_for(name, direction, rising, falling):
    """Rates of 0.2 and 0.4, after 500 values without an alarm. Every detector raises a false one now and then."""
    for before, after, expected in ((0.2, 0.4, rising), (0.4, 0.2, falling)):
        outcomes = []
        for seed in range(20):
            detector = DETECTORS.find(name)(direction=direction)
            if not detector.update_many(errors((500, before), seed=seed)).fires:
                outcomes.append(detector.update_many(errors((600, after), seed=1000 + seed)).outcome)
        share = outcomes.count("drift") / len(outcomes)
        assert share >= 0.75 if expected else share <= 0.25


@every_detector
@every_direction
def test_the_evidence_tells_both_means_and_where_it_went(name, direction):
    low, high = (0.1, 0.6) if direction != "down" else (0.6, 0.1)
    detector = DETECTORS.find(name)(direction=direction)
    detector.update_many(errors((400, low)))
    decision = detector.update_many(errors((300, high), seed=1))
    evidence = decision.evidence
    assert decision.outcome == "drift"
    assert evidence["direction"] == ("down" if direction == "down" else "up")
    assert (evidence["after"] > evidence["before"]) == (direction != "down")
    assert evidence["before"] == pytest.approx(low, abs=0.15)
    assert evidence["statistic"] is None or evidence["statistic"] >= evidence["threshold"]
    assert 400 < evidence["n"] <= 700
    assert f"went {evidence['direction']} from" in decision.why
    assert json.loads(json.dumps(decision.to_json())) == decision.to_json()


@every_detector
def test_nothing_seen_is_no_decision_to_be_drift(name):
    decision = DETECTORS.find(name)().update_many([])
    assert (decision.outcome, decision.fires, decision.evidence["n"]) == ("none", 0, 0)


@every_detector
@pytest.mark.parametrize("value", [0.0, 1.0, 0.25])
def test_a_constant_stream_never_drifts(name, value):
    assert DETECTORS.find(name)(direction="both").update_many([value] * 3000).fires == 0


@every_detector
def test_after_an_alarm_it_begins_anew(name):
    stream = errors((600, 0.1), (400, 0.9))
    used = DETECTORS.find(name)()
    at = used.update_many(stream).evidence["alarms"][-1]
    used, fresh = DETECTORS.find(name)(), DETECTORS.find(name)()
    used.update_many(stream[: at + 1])
    assert used.state() == fresh.state()


@every_detector
def test_values_that_are_not_finite_are_refused_and_nothing_is_looked_at(name):
    detector = DETECTORS.find(name)()
    before = detector.state()
    with pytest.raises(DataError, match="Value 1 is nan. A detector watches finite values"):
        detector.update_many([0.0, float("nan")])
    with pytest.raises(DataError, match=r"got the shape \(1, 2\)"):
        detector.update_many(np.zeros((1, 2)))
    assert detector.state() == before


@pytest.mark.parametrize("name", ["ddm", "hddm_a", "hddm_w"])
def test_detectors_of_errors_refuse_other_values_and_name_those_that_take_them(name):
    with pytest.raises(DataError, match=f"`{name}` watches errors.*got values from 0 to 3.*Use `page_hinkley`"):
        DETECTORS.find(name)().update_many([0.0, 3.0])


@every_detector
def test_a_state_of_other_settings_is_refused(name):
    kind = DETECTORS.find(name)
    with pytest.raises(StateError, match=f"The state is of {name}.*direction='down'.*Begin anew"):
        kind().restored(kind(direction="down").state())


def test_a_state_of_another_detector_is_refused():
    with pytest.raises(StateError, match="The state is of cusum"):
        DETECTORS.find("adwin")().restored(DETECTORS.find("cusum")().state())


@every_detector
def test_a_direction_that_is_none_is_refused(name):
    with pytest.raises(ConfigError, match="`direction` must be 'up', 'down' or 'both', got 'left'"):
        DETECTORS.find(name)(direction="left")


@every_detector
def test_settings_out_of_range_are_refused(name):
    kind = DETECTORS.find(name)
    for field in {field.name for field in fields(kind)} - {"direction"}:
        with pytest.raises(ConfigError, match=f"`{field}` must be"):
            kind(**{field: -1})


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"cusum"}))
def test_without_river_the_message_names_the_extra(name, monkeypatch):
    for module in ("river", "river.drift", "river.drift.binary"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=r"pip install 'vernal\[detectors\]'"):
        DETECTORS.find(name)()
