from __future__ import annotations

import numpy as np
import pytest
from river import drift

from vernal.drift import ADWIN


@pytest.mark.law
def test_it_does_not_cry_wolf_over_a_hundred_thousand_errors():
    """No alarm in at least 95 of 100 streams of 1e5 errors at a rate of 0.2; here 20 streams, of which 1 may alarm."""
    rngs = [np.random.default_rng(seed) for seed in range(20)]
    quiet = [ADWIN().update_many((rng.random(100_000) < 0.2).astype(float)).fires == 0 for rng in rngs]
    assert sum(quiet) >= 19


@pytest.mark.law
def test_an_error_rate_that_doubles_is_seen_after_100_to_200_values():
    """144 was measured for a jump from 0.2 to 0.4, over 100 streams."""
    delays = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        stream = np.concatenate([rng.random(2000) < 0.2, rng.random(2000) < 0.4]).astype(float)
        delays.append(next(at for at in ADWIN().update_many(stream).evidence["alarms"] if at >= 2000) - 2000)
    assert 100 <= np.median(delays) <= 200


def test_the_alarms_are_those_of_river():
    rng = np.random.default_rng(0)
    stream = np.concatenate([rng.random(1500) < p for p in (0.2, 0.5, 0.1, 0.7)]).astype(float)
    river, expected = drift.ADWIN(), []
    for at, x in enumerate(stream.tolist()):
        river.update(x)
        if river.drift_detected:
            expected.append(at)
    assert ADWIN(direction="both").update_many(stream).evidence["alarms"] == expected
    assert len(expected) == 3


def test_before_and_after_are_means_of_the_values_that_were_cut_off_and_kept():
    stream = np.concatenate([np.tile([0.0, 1.0], 200), np.full(100, 4.0)])
    evidence = ADWIN().update_many(stream).evidence
    seen, (cut, kept) = stream[: evidence["n"]], (evidence["before"], evidence["after"])
    sizes = [n for n in range(1, len(seen)) if seen[:n].mean() == pytest.approx(cut)]
    assert any(seen[n:].mean() == pytest.approx(kept) for n in sizes)
