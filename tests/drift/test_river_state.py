from __future__ import annotations

import json

import numpy as np
import pytest
from river import drift, stats

from vernal.base import CorruptState, StateError
from vernal.drift import ADWIN
from vernal.drift.river_state import freeze, thaw


def test_numbers_that_json_lacks_come_back():
    for value in (float("inf"), float("-inf"), 0.1, 3, True, None, "up"):
        assert thaw(None, json.loads(json.dumps(freeze(value), allow_nan=False))) == value


def test_an_adwin_of_a_million_values_fits_in_four_kilobytes_and_goes_on_exactly():
    rng = np.random.default_rng(0)
    river = drift.ADWIN()
    for x in (rng.random(1_000_000) < 0.2).astype(float).tolist():
        river.update(x)
    text = json.dumps(freeze(river))
    twin = thaw(drift.ADWIN(), json.loads(text))
    assert len(text) < 4096
    for x in (rng.random(500) < 0.3).astype(float).tolist():
        river.update(x)
        twin.update(x)
        assert (twin.width, twin.total, twin.drift_detected) == (river.width, river.total, river.drift_detected)


def test_attributes_that_the_installed_river_does_not_have_are_refused():
    frozen = freeze(stats.Mean())
    frozen["fields"]["weight"] = 1.0
    with pytest.raises(StateError, match="The state has 'weight', which Mean of the installed River has not"):
        thaw(stats.Mean(), frozen)


def test_bytes_that_changed_never_reach_rust():
    frozen = freeze(stats.EWMean(0.5))
    inner = frozen["fields"]["_ewmean"]
    inner["bytes"] = "BBBB" + inner["bytes"][4:]
    with pytest.raises(CorruptState, match="are not what was written"):
        thaw(stats.EWMean(0.5), frozen)
    inner["bytes"] = "!"
    with pytest.raises(CorruptState, match="are no base64"):
        thaw(stats.EWMean(0.5), frozen)


def test_a_state_of_another_river_is_refused():
    state = ADWIN().state()
    state["memory"]["river"] = "0.9"
    with pytest.raises(StateError, match="written with River 0.9, and .* is installed. Begin anew"):
        ADWIN().restored(state)
