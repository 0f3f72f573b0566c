"""The door serves regularisation and closed-form methods, with state, in users' hands."""

import torch

from tests.methods.outsiders import Anchored, NearestMean
from vernal.state import unpack
from vernal.store import Store
from vernal.testing import MethodSuite, toy_update


class TestAnchored(MethodSuite):
    def method(self):
        return Anchored(strength=5.0)


class TestNearestMean(MethodSuite):
    def method(self):
        return NearestMean()

    def test_it_learns(self, tmp_path):
        after = toy_update(tmp_path, NearestMean(), 1).validation[0]["after"]
        assert after["accuracy"] == 1.0

    def test_it_forgets_nothing_over_three_updates(self, tmp_path):
        results = [toy_update(tmp_path, NearestMean(), chunk) for chunk in (1, 2, 3)]
        assert results[-1].summary["average_accuracy"] > 0.95
        assert results[-1].summary["forgetting"] <= 0.05


def state_of(store, result):
    return unpack(Store(store).blobs.get(result.record["artefacts"]["method"]["blob"]))


def test_state_goes_from_update_to_update(tmp_path):
    states = [state_of(tmp_path, toy_update(tmp_path, Anchored(), chunk)) for chunk in (1, 2)]
    assert [state["updates"] for state in states] == [1, 2]
    grown = {name: states[1]["importance"][name] - states[0]["importance"][name] for name in states[0]["importance"]}
    assert all((growth >= 0).all() for growth in grown.values())
    assert any((growth > 0).any() for growth in grown.values())


def test_an_anchor_holds(tmp_path):
    def moved(strength):
        store = tmp_path / str(strength)
        states = [state_of(store, toy_update(store, Anchored(strength), chunk)) for chunk in (1, 2)]
        return sum(torch.dist(states[0]["anchors"][n], states[1]["anchors"][n]).item() for n in states[0]["anchors"])

    assert moved(1000.0) < 0.8 * moved(0.0)


def test_counts_add_up_over_updates(tmp_path):
    for chunk in (1, 2):
        state = state_of(tmp_path, toy_update(tmp_path, NearestMean(), chunk, rows=30))
    assert state["counts"] == {0: 15, 1: 15, 2: 15, 3: 15}
