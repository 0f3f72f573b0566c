"""Greedy k-centre against its definition, and against the best cover there is."""

from itertools import combinations

import numpy as np
import pytest

from vernal.memory import Candidates, KCenter


def radius(features, centres):
    """How far the farthest row is from the nearest centre."""
    return np.linalg.norm(features[:, None] - features[None, list(centres)], axis=2).min(1).max()


def farthest_first(features, count):
    """The definition, distance by distance."""
    chosen = [int(np.linalg.norm(features - features.mean(0), axis=1).argmin())]
    while len(chosen) < count:
        chosen.append(int(np.linalg.norm(features[:, None] - features[None, chosen], axis=2).min(1).argmax()))
    return chosen


def rows(features, labels=None, keys=None):
    n = len(features)
    labels = np.zeros(n, int) if labels is None else labels
    return Candidates(np.random.default_rng(0).random(n) if keys is None else keys, labels, labels, features=features)


@pytest.mark.parametrize("seed", range(10))
def test_the_farthest_row_comes_first(seed):
    features = np.random.default_rng(seed).standard_normal((40, 5)) + 100
    assert KCenter(9).keep(rows(features)).tolist() == sorted(farthest_first(features, 9))


@pytest.mark.parametrize("seed", range(10))
def test_the_cover_is_at_most_twice_as_wide_as_the_best(seed):
    features = np.random.default_rng(seed).standard_normal((11, 2))
    best = min(radius(features, centres) for centres in combinations(range(11), 4))
    assert radius(features, KCenter(4).keep(rows(features))) <= 2 * best


def test_every_class_is_covered_by_itself():
    features, labels = np.random.default_rng(1).standard_normal((40, 3)), np.arange(40) % 2
    expected = [2 * place + c for c in (0, 1) for place in farthest_first(features[c::2], 6)]
    assert KCenter(12).keep(rows(features, labels)).tolist() == sorted(expected)


def test_every_cluster_has_a_row():
    generator = np.random.default_rng(2)
    cluster = generator.integers(0, 6, 200)
    features = 50 * np.eye(6)[cluster] + generator.standard_normal((200, 6))
    assert set(cluster[KCenter(7).keep(rows(features.astype(np.float32)))]) == {*range(6)}


def test_rows_that_are_equally_far_go_by_their_keys():
    corners = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0], [0.0, 0.0]])
    keys = np.array([0.1, 0.9, 0.2, 0.8, 0.0])
    assert KCenter(3).keep(rows(corners, keys=keys)).tolist() == [1, 3, 4]
