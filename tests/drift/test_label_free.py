from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError, DataError, EmptyChunk
from vernal.drift import Calibration, cbpe, confidence, doc

SLOPE = 2.4  # of a logistic truth: its best accuracy on standard normal inputs is 0.806
ROTATED = np.array([[np.cos(np.pi / 4), -np.sin(np.pi / 4)], [np.sin(np.pi / 4), np.cos(np.pi / 4)]])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def world(scale=1.0, mean=0.0, rotated=False, n=200_000, seed=0):
    """Probabilities of a model that is exactly right about the old world, and whether it is right in this one."""
    rng = np.random.default_rng(seed)
    x = rng.normal(mean, scale, (n, 2))
    weights = np.array([SLOPE, 0.0])
    model = sigmoid(x @ weights)
    truth = sigmoid(x @ (ROTATED @ weights)) if rotated else model
    y = rng.random(n) < truth
    return model, (model > 0.5) == y


@pytest.mark.law
@pytest.mark.parametrize(
    ("drift", "tolerance"),
    [({}, 0.005), ({"scale": 0.5}, 0.01), ({"scale": 2.0}, 0.01), ({"mean": 1.0}, 0.01)],
)
def test_while_the_concept_stands_both_estimates_are_the_accuracy(drift, tolerance):
    reference, reference_correct = world(seed=1)
    model, correct = world(**drift)
    accuracy = correct.mean()
    assert cbpe(model).accuracy == pytest.approx(accuracy, abs=tolerance)
    estimate = doc(confidence(reference), reference_correct.mean(), confidence(model))
    assert estimate.accuracy == pytest.approx(accuracy, abs=tolerance)


@pytest.mark.law
def test_the_numbers_of_the_facts_come_out():
    """True and estimated accuracy of a logistic model: .806 with no drift, .703 where inputs shrink, .889 where they
    grow; and where the concept turns by 45 degrees the truth falls to .697, and CBPE says .801, DoC .800 as before.
    """
    reference, reference_correct = world(seed=1)
    table = {}
    for name, drift in {
        "none": {},
        "half": {"scale": 0.5},
        "double": {"scale": 2.0},
        "turned": {"rotated": True},
    }.items():
        model, correct = world(**drift)
        found = doc(confidence(reference), float(reference_correct.mean()), confidence(model))
        table[name] = (correct.mean(), cbpe(model).accuracy, found.accuracy)
    assert table["none"] == pytest.approx((0.806, 0.802, 0.801), abs=0.01)
    assert table["half"] == pytest.approx((0.703, 0.698, 0.697), abs=0.01)
    assert table["double"] == pytest.approx((0.889, 0.890, 0.889), abs=0.01)
    assert table["turned"] == pytest.approx((0.697, 0.801, 0.800), abs=0.02)


def test_what_is_said_of_an_estimate_always_says_what_it_cannot_see():
    reference, correct = world(n=100)
    for estimate in (cbpe(reference), doc(confidence(reference), 0.8, confidence(reference))):
        assert "blind to concept drift" in str(estimate)
        assert "blind to concept drift" in estimate.to_json()["note"]
        assert json.loads(json.dumps(estimate.to_json()))["accuracy"] == estimate.accuracy
        assert f"Estimated accuracy {estimate.accuracy:.3f}" in str(estimate)
    calibrated = cbpe(reference, Calibration.fitted(confidence(reference), correct))
    assert "100 rows without labels and 100 labelled ones" in str(calibrated)


@pytest.mark.law
def test_an_overconfident_model_is_put_right_by_labelled_rows():
    """Logits three times too large: confidence .94 where .81 are right; calibrated, in a drifted world, within .01."""
    reference, correct = world(seed=1)
    model, drifted_correct = world(scale=0.5)
    shout = {name: sigmoid(3 * np.log(p / (1 - p))) for name, p in {"reference": reference, "model": model}.items()}
    calibration = Calibration.fitted(confidence(shout["reference"]), correct)
    assert cbpe(shout["model"]).accuracy > drifted_correct.mean() + 0.1
    assert cbpe(shout["model"], calibration).accuracy == pytest.approx(drifted_correct.mean(), abs=0.01)


@given(st.lists(st.tuples(st.sampled_from([0.5, 0.6, 0.7, 0.8, 0.9]), st.booleans()), min_size=1, max_size=60))
def test_a_calibration_never_falls_and_keeps_the_share_of_right_answers(rows):
    confidences, correct = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    calibration = Calibration.fitted(confidences, correct)
    assert (np.diff(calibration.rates) >= 0).all()
    assert calibration(confidences).mean() == pytest.approx(correct.mean())


def test_a_calibration_is_that_of_scikit_learn():
    isotonic = pytest.importorskip("sklearn.isotonic")
    rng = np.random.default_rng(0)
    confidences = rng.uniform(0.5, 1, 300)
    correct = rng.random(300) < confidences**2
    theirs = isotonic.IsotonicRegression().fit(confidences, correct).predict(np.sort(confidences))
    assert Calibration.fitted(confidences, correct)(np.sort(confidences)) == pytest.approx(theirs)


def test_two_classes_may_be_given_by_one_probability():
    p = np.array([0.2, 0.9, 0.5])
    assert cbpe(p).accuracy == cbpe(np.stack([1 - p, p], axis=1)).accuracy


def test_what_is_no_probability_is_refused():
    with pytest.raises(DataError, match="each row with the sum 1.*Apply softmax to logits"):
        cbpe(np.array([[2.0, -1.0]]))
    with pytest.raises(DataError, match=r"between 0 and 1, one for each row, \(n,\); got the shape \(1,\)"):
        cbpe(np.array([1.5]))
    with pytest.raises(DataError, match="between 0 and 1"):
        doc(np.array([np.nan]), 0.8, np.array([0.9]))
    with pytest.raises(ConfigError, match="`reference_accuracy` must be between 0 and 1"):
        doc(np.array([0.9]), 80, np.array([0.9]))
    with pytest.raises(EmptyChunk, match="no rows"):
        cbpe(np.zeros((0, 3)))
    with pytest.raises(DataError, match="`correct` must say of each of the 2 rows"):
        Calibration.fitted(np.array([0.9, 0.8]), np.array([1]))
