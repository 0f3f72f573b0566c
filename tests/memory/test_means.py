"""Rows whose mean is near a given one."""

import numpy as np
import pytest

from vernal.memory.means import approach, exchanged, weighted_mean


def naive(features, target, count):
    """The definition, distance by distance."""
    chosen = []
    for step in range(1, count + 1):
        total = features[chosen].sum(0)
        left = [i for i in range(len(features)) if i not in chosen]
        chosen.append(min(left, key=lambda i: np.linalg.norm(target - (total + features[i]) / step)))  # noqa: B023
    return chosen


@pytest.mark.parametrize("seed", range(20))
def test_each_row_brings_the_mean_as_near_as_one_row_can(seed):
    generator = np.random.default_rng(seed)
    features, target = generator.standard_normal((25, 4)), generator.standard_normal(4)
    assert approach(features, target, 9).tolist() == naive(features, target, 9)


def test_nothing_and_everything_can_be_chosen():
    features = np.eye(3)
    assert approach(features, np.ones(3), 0).tolist() == []
    assert sorted(approach(features, np.ones(3), 3)) == [0, 1, 2]


def test_a_weighted_mean_is_that_of_repeated_rows():
    features = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    times = np.array([3, 1, 1, 7, 2])
    mean = weighted_mean(features, times.astype(float))
    assert mean.dtype == np.float64
    assert np.allclose(mean, features.astype(float).repeat(times, axis=0).mean(0), atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_an_exchange_brings_the_mean_nearer_and_never_farther(seed):
    generator = np.random.default_rng(seed)
    features, target = generator.standard_normal((40, 4)), generator.standard_normal(4)
    chosen = generator.permutation(40)[:8]
    before = chosen.copy()
    after = exchanged(features, target, chosen)
    assert (chosen == before).all()
    assert len(set(after.tolist())) == 8

    def distance(places):
        return np.linalg.norm(target - features[places].mean(0))

    assert distance(after) < distance(before)
    best = exchanged(features, target, after)
    assert distance(best) <= distance(after)


def test_what_cannot_be_bettered_is_left_alone():
    features = np.array([[-1.0], [1.0], [5.0]])
    assert exchanged(features, np.zeros(1), np.array([1, 0])).tolist() == [1, 0]
