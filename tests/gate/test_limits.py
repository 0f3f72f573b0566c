import math

import numpy as np
import pytest

from vernal.gate.limits import judge_limits


def outcomes(limits, checks, champion=None):
    return {one.values["name"]: one.outcome for one in judge_limits(limits, checks, champion)}


@pytest.mark.parametrize(("value", "outcome"), [(20, "passed"), (20.1, "failed"), (np.float32(3), "passed")])
def test_a_measurement_is_held_to_its_limit(value, outcome):
    assert outcomes({"latency_ms": 20}, {"latency_ms": value}) == {"latency_ms": outcome}


@pytest.mark.parametrize(("champion", "outcome"), [(100, "passed"), (99, "failed"), (0, "failed")])
def test_a_share_is_of_what_the_champion_has(champion, outcome):
    assert outcomes({"size_bytes": "+10%"}, {"size_bytes": 110}, {"size_bytes": champion}) == {"size_bytes": outcome}


@pytest.mark.parametrize("missing", [{}, {"parity": None}, {"parity": math.nan}, {"parity": True}, {"parity": "small"}])
def test_what_was_not_measured_is_open(missing):
    assert outcomes({"parity": 1e-4}, missing) == {"parity": "open"}


@pytest.mark.parametrize("champion", [None, {}, {"size_bytes": math.nan}])
def test_a_share_of_what_was_not_measured_is_open(champion):
    assert outcomes({"size_bytes": "+10%"}, {"size_bytes": 1}, champion) == {"size_bytes": "open"}


@pytest.mark.parametrize(("value", "outcome"), [(True, "passed"), (False, "failed"), (None, "open"), (1, "open")])
def test_a_flag_that_is_asked_for_must_be_up(value, outcome):
    assert outcomes({"loads": True}, {"loads": value}) == {"loads": outcome}


@pytest.mark.parametrize("down", [False, np.bool_(False)])
def test_a_flag_that_is_down_fails_unasked(down):
    assert outcomes({}, {"loads": down, "exports": True, "latency_ms": 0}) == {"loads": "failed"}
