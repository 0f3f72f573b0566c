"""Gradient matching against all subsets, and over a stream."""

from itertools import combinations

import numpy as np
import pytest

from tests.memory.doubles import admitted, contents, numbers
from vernal.memory import Candidates, GradientMatching, Memory, Reservoir


def rows(gradients, represents=None, seed=0, labels=None):
    zeros = np.zeros(len(gradients), int)
    keys = np.random.default_rng(seed).random(len(gradients))
    return Candidates(keys, zeros if labels is None else labels, zeros, represents, gradients)


def of_one_class(start, count):
    return numbers(start, count, labels=[0] * count)


def distance(gradients, places, target):
    return np.linalg.norm(target - gradients[list(places)].mean(0))


@pytest.mark.parametrize("seed", range(10))
def test_a_single_row_is_the_best_one(seed):
    gradients = np.random.default_rng(seed).standard_normal((30, 4))
    best = np.linalg.norm(gradients - gradients.mean(0), axis=1).argmin()
    assert GradientMatching(1).keep(rows(gradients)).tolist() == [best]


def test_few_subsets_are_better():
    """Choosing greedily is no search of all subsets, but over 20 problems 98 in 100 subsets are worse."""
    better = []
    for seed in range(20):
        gradients = np.random.default_rng(seed).standard_normal((12, 5)) + 1
        target = gradients.mean(0)
        kept = distance(gradients, GradientMatching(4).keep(rows(gradients)), target)
        others = [distance(gradients, places, target) for places in combinations(range(12), 4)]
        assert kept <= 4 * min(others)
        better.append(np.mean(np.array(others) < kept - 1e-9))
    assert np.mean(better) < 0.02


def test_a_subset_with_the_very_mean_is_found():
    """Rows in pairs about a common mean, of lengths that double: only whole pairs have that mean."""
    half = 2.0 ** np.arange(5)[:, None] * np.eye(5)
    gradients = np.concatenate([3 + half, 3 - half])
    for pairs in (1, 2, 3, 4):
        kept = GradientMatching(2 * pairs).keep(rows(gradients))
        assert kept.tolist() == [*range(pairs), *range(5, 5 + pairs)]
        assert np.allclose(gradients[kept].mean(0), 3)


def test_many_rows_match_far_better_than_a_random_sample():
    generator = np.random.default_rng(0)
    gradients = (generator.standard_normal((1000, 50)) * generator.lognormal(0, 1, (1000, 1))).astype(np.float32)
    target = gradients.mean(0)
    kept = distance(gradients, GradientMatching(60).keep(rows(gradients)), target)
    random = [distance(gradients, generator.choice(1000, 60, replace=False), target) for _ in range(50)]
    assert kept < min(random) / 5


def test_every_class_is_chosen_as_if_it_were_alone():
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [60, 30, 30])
    gradients = generator.standard_normal((120, 6)) + 3 * np.eye(6)[labels]
    kept = GradientMatching(24).keep(rows(gradients, labels=labels))
    for label in range(3):
        places = np.flatnonzero(labels == label)
        keys = rows(gradients).keys[places]
        zeros = np.zeros(len(places), int)
        alone = GradientMatching(8).keep(Candidates(keys, zeros, zeros, features=gradients[places]))
        assert kept[labels[kept] == label].tolist() == places[alone].tolist()


def test_a_class_with_one_row_keeps_it():
    labels = np.array([0] * 200 + [1])
    gradients = np.random.default_rng(0).standard_normal((201, 4))
    assert 200 in GradientMatching(10).keep(rows(gradients, labels=labels))


def test_the_target_is_the_mean_over_all_that_rows_represent():
    gradients = np.array([[0.0], [2.0], [4.0], [6.0]])
    assert GradientMatching(1).keep(rows(gradients, np.array([1.0, 1.0, 20.0, 1.0]))).tolist() == [2]
    assert GradientMatching(1).keep(rows(gradients, np.array([20.0, 1.0, 1.0, 1.0]))).tolist() == [0]


def test_over_a_stream_that_drifts_the_memory_keeps_the_mean_of_all_that_was_seen(blobs, tmp_path):
    """The last chunk alone lies at 15; if old rows stood for themselves only, the memory would lie near it."""
    memory, seen = Memory(blobs, seed=0), np.empty((0, 3))
    generator = np.random.default_rng(0)
    for update in range(16):
        gradients = generator.standard_normal((50, 3)) + update
        features = np.concatenate([seen[contents(memory)], gradients])
        seen = np.concatenate([seen, gradients])
        chunk, policy = of_one_class(50 * update, 50), GradientMatching(20)
        memory = memory.admit(memory.plan(chunk, policy, update, features), chunk, update, tmp_path / "parts")
    assert len(memory) == 20
    assert np.abs(seen[contents(memory)].mean(0) - seen.mean(0)).max() < 0.3
    unweighted = rows(np.concatenate([seen[contents(memory)], generator.standard_normal((50, 3)) + 16]))
    assert unweighted.features[GradientMatching(20).keep(unweighted)].mean() > 13


def test_a_memory_that_another_policy_wrote_is_taken_over(blobs, tmp_path):
    memory = admitted(Memory(blobs, seed=0), of_one_class(0, 300), Reservoir(30), 1, tmp_path)
    chunk = of_one_class(300, 30)
    features = np.concatenate([np.zeros((30, 1)), np.ones((30, 1))])
    plan = memory.plan(chunk, GradientMatching(22), 2, features)
    assert (len(plan.keep), len(plan.add)) == (20, 2)  # 300 zeros and 30 ones: one in eleven
