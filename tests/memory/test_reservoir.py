import numpy as np
import pytest

from vernal.memory import Candidates, Reservoir, row_keys


@pytest.mark.law
def test_ten_thousand_rows_leave_a_uniform_thousand():
    # The mean of 1000 of 1..10000 has a standard error of 91.
    kept, keys = np.arange(0), row_keys(0, 0, 10_000)
    for chunk in range(10):
        offered = np.concatenate([kept, np.arange(chunk * 1000, (chunk + 1) * 1000)])
        zeros = np.zeros(len(offered), np.int64)
        kept = offered[Reservoir(1000).keep(Candidates(keys[offered], zeros, zeros))]
    assert len(kept) == 1000
    assert abs((kept + 1).mean() - 5000.5) < 5 * 91


@pytest.mark.law
@pytest.mark.parametrize(("n", "k"), [(10, 5), (2, 1), (100, 30)])
def test_every_place_of_the_stream_has_the_same_chance(n, k):
    trials, counts = 4000, np.zeros(n)
    zeros = np.zeros(n, np.int64)
    for seed in range(trials):
        counts[Reservoir(k).keep(Candidates(row_keys(seed, 0, n), zeros, zeros))] += 1
    share = k / n
    assert np.abs(counts / trials - share).max() < 5 * np.sqrt(share * (1 - share) / trials)
