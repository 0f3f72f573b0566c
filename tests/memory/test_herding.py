"""Herding against the algorithm box of iCaRL."""

import numpy as np
import pytest

from vernal.base import DataError
from vernal.memory import Candidates, Herding


def icarl(features, keys, capacity):
    """Algorithm 4 of the paper for one class, row by row; the mean is not scaled."""
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    mean, chosen = features.mean(0), []
    for k in range(1, capacity + 1):
        distances = {
            i: round(np.linalg.norm(mean - (features[i] + features[chosen].sum(0)) / k), 12)
            for i in range(len(features))
            if i not in chosen
        }
        chosen.append(min(distances, key=lambda i: (distances[i], -keys[i])))  # noqa: B023
    return sorted(chosen)


@pytest.mark.parametrize("seed", range(10))
def test_one_class_is_herded_as_in_the_paper(seed):
    generator = np.random.default_rng(seed)
    features, keys = generator.standard_normal((30, 5)) + 1, generator.random(30)
    rows = Candidates(keys, np.zeros(30, int), np.zeros(30, int), features=features)
    assert Herding(8).keep(rows).tolist() == icarl(features, keys, 8)


def test_every_class_is_herded_by_itself():
    generator = np.random.default_rng(1)
    features, keys, labels = generator.standard_normal((40, 5)), generator.random(40), np.arange(40) % 2 * 7
    kept = Herding(10).keep(Candidates(keys, labels, labels, features=features))
    expected = [place for c in (0, 1) for place in 2 * np.array(icarl(features[c::2], keys[c::2], 5)) + c]
    assert kept.tolist() == sorted(expected)


def test_the_length_of_features_does_not_matter():
    generator = np.random.default_rng(2)
    features, zeros, keys = generator.standard_normal((30, 5)), np.zeros(30, int), generator.random(30)
    scaled = features * 2.0 ** generator.integers(-3, 4, (30, 1))
    kept = [Herding(8).keep(Candidates(keys, zeros, zeros, features=f)).tolist() for f in (features, scaled)]
    assert kept[0] == kept[1]


def test_rows_that_are_equally_good_go_by_their_keys():
    features, zeros = np.ones((4, 2)), np.zeros(4, int)
    assert Herding(2).keep(Candidates(np.array([0.1, 0.9, 0.2, 0.8]), zeros, zeros, features=features)).tolist() == [
        1,
        3,
    ]


def test_a_row_in_memory_weighs_as_many_as_it_represents():
    """Two directions; the old row speaks for nine, so the mean is near it and it is chosen first."""
    features, zeros = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), np.zeros(3, int)
    keys = np.array([0.1, 0.8, 0.9])
    assert Herding(1).keep(Candidates(keys, zeros, zeros, features=features)).tolist() == [2]
    weights = np.array([9.0, 1.0, 1.0])
    assert Herding(1).keep(Candidates(keys, zeros, zeros, weights, features)).tolist() == [0]


def test_without_features_it_says_what_is_missing():
    zeros = np.zeros(3, int)
    with pytest.raises(DataError, match="selected by features, but come without. Give `features`"):
        Herding(1).keep(Candidates(np.zeros(3), zeros, zeros))
