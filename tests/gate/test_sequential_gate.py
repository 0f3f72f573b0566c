import json

import numpy as np
import pytest

from tests.gate.cases import answers, flipped, scored, spelled_out, tolerance
from vernal.base import ConfigError, DataError, StateError, canonical_json
from vernal.gate import SequentialGate


def looked(gate, champion, challenger, cut):
    """The decision after labels in looks of a size, with the state stored in between."""
    state = gate.start()
    for begin in range(0, len(champion), cut):
        rows = slice(begin, begin + cut)
        state, decision = gate.look(state, scored("a", champion[rows]), scored("b", challenger[rows]))
        state = json.loads(canonical_json(state))
    return state, decision


def pair(difference, n=4000, seed=0):
    generator = np.random.default_rng(seed)
    champion = answers(n, generator)
    return champion, flipped(champion, difference, generator)


@pytest.mark.law
@pytest.mark.parametrize("repeats", [300, pytest.param(2000, marks=pytest.mark.slow)])
def test_equal_models_are_rarely_promoted_however_often_one_looks(repeats):
    # The process looks at every label by itself, so one call is a look at each of 4,000.
    promoted = sum(looked(SequentialGate(0.0), *pair(0.0, seed=seed), 4000)[1].yes for seed in range(repeats))
    assert promoted / repeats <= 0.05 + tolerance(0.05, repeats)


@pytest.mark.law
def test_models_that_are_worse_by_the_margin_are_rarely_promoted_and_better_ones_often():
    worse = sum(looked(SequentialGate(), *pair(-0.01, seed=seed), 4000)[1].yes for seed in range(200))
    better = sum(looked(SequentialGate(), *pair(0.01, seed=seed), 4000)[1].yes for seed in range(200))
    assert worse / 200 <= 0.05 + tolerance(0.05, 200)
    assert better / 200 >= 0.9  # the facts measured .943


@pytest.mark.parametrize("difference", [-0.04, 0.0, 0.04])
def test_the_verdict_is_the_same_however_labels_are_cut_into_looks(difference):
    champion, challenger = pair(difference, n=1000)
    (whole, first), (parts, again) = (looked(SequentialGate(), champion, challenger, cut) for cut in (1000, 37))
    assert first == again
    assert canonical_json(whole) == canonical_json(parts)


def test_what_was_decided_stays():
    champion, challenger = spelled_out(100, 0, 400)
    gate = SequentialGate()
    state, decision = looked(gate, champion, challenger, 400)
    assert decision.outcome == "promote"
    _, later = gate.look(state, scored("a", np.ones(300)), scored("b", np.zeros(300)))
    assert later.outcome == "promote"
    assert later.evidence["process"]["decided_at"] < 100


def test_a_worse_one_is_rejected():
    _, decision = looked(SequentialGate(), *spelled_out(0, 60, 400), 400)
    assert decision.outcome == "reject"
    assert "below -0.01 reached 20" in decision.why


def test_before_that_it_says_how_many_labels_are_missing():
    _, decision = looked(SequentialGate(0.0), *pair(0.0, n=200), 200)
    assert decision.outcome == "inconclusive"
    labels = decision.evidence["labels"]
    assert labels["have"] == 200
    assert labels["needed"] == pytest.approx(4940, rel=0.5)  # from 200 labels
    assert f"about {labels['missing']:,} more are needed to tell" in decision.why


def test_with_many_labels_it_counts_by_what_was_observed():
    scores = np.tile([1.0, 0.0], 2000)
    _, decision = looked(SequentialGate(0.0, effect=0.1), scores, 1 - scores, 4000)
    assert (decision.outcome, decision.evidence["labels"]["missing"]) == ("inconclusive", None)
    assert "no number of labels will tell" in decision.why


@pytest.mark.parametrize(
    ("champion", "challenger"),
    [(np.full(50, np.nan), np.ones(50)), (np.zeros(50), np.full(50, np.nan)), (np.zeros(50), np.ones(49))],
)
def test_labels_that_cannot_be_compared_change_nothing(champion, challenger):
    gate = SequentialGate()
    state, decision = gate.look(gate.start(), scored("a", champion), scored("b", challenger))
    assert state == gate.start()
    assert decision.outcome == "inconclusive"
    assert decision.evidence["faults"]
    assert canonical_json(decision.to_json())


def test_a_look_without_new_labels_says_what_is_known():
    gate = SequentialGate()
    _, decision = gate.look(gate.start(), scored("a", []), scored("b", []))
    assert decision.why == ("b: 0 labels do not tell whether it is above -0.01; about 61,826 more are needed to tell.")


def test_a_state_is_of_one_pair_of_versions():
    gate = SequentialGate()
    state, _ = gate.look(gate.start(), scored("a", np.ones(5)), scored("b", np.ones(5)))
    with pytest.raises(StateError, match=r"of the versions \['a', 'b'\], not \['a', 'c'\]. Begin with `start\(\)`"):
        gate.look(state, scored("a", np.ones(5)), scored("c", np.ones(5)))


def test_scores_lie_no_more_than_1_apart():
    gate = SequentialGate()
    with pytest.raises(DataError, match="between -1 and 1"):
        gate.look(gate.start(), scored("a", np.zeros(5)), scored("b", np.full(5, 2.0)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": 1}, "`margin` must be between 0 and 0.9"),
        ({"alpha": 0}, "`alpha` must be between"),
        ({"effect": 2}, "`effect` must be between 0 and 1"),
        ({"power": 0}, "`power` must lie between 0 and 1"),
        ({"margin": 0, "effect": 0}, "`margin` and `effect` are both 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        SequentialGate(**options)
