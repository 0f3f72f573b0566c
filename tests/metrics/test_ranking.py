"""NDCG was checked besides, with ties, against scikit-learn 1.9.1: equal but for rounding."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError, DataError
from vernal.metrics import mean_reciprocal_rank, ndcg, pairwise_accuracy

ALL = [ndcg, mean_reciprocal_rank, pairwise_accuracy]
queries = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=5)


def orders(scores):
    """All orders from the highest score down, with every arrangement of ties."""
    found = list(itertools.permutations(range(len(scores))))
    return [o for o in found if all(scores[a] >= scores[b] for a, b in itertools.pairwise(o))]


def dcg(grades, at):
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades[:at]))


@given(query=queries, at=st.sampled_from([None, 1, 2, 9]))
def test_ndcg_is_the_mean_over_all_arrangements_of_ties(query, at):
    grades, scores = zip(*query, strict=True)
    best = dcg(sorted(grades, reverse=True), at)
    found = ndcg([grades], [scores], at)
    if best:
        assert found == pytest.approx(np.mean([dcg([grades[i] for i in o], at) / best for o in orders(scores)]))
    else:
        assert np.isnan(found)


@given(query=queries)
def test_the_reciprocal_rank_is_the_mean_over_all_arrangements_of_ties(query):
    grades, scores = zip(*query, strict=True)
    found = mean_reciprocal_rank([grades], [scores])
    if any(grades):
        ranks = [next(place for place, i in enumerate(o, 1) if grades[i]) for o in orders(scores)]
        assert found == pytest.approx(np.mean([1 / rank for rank in ranks]))
    else:
        assert np.isnan(found)


@given(query=queries)
def test_pairwise_accuracy_is_the_mean_over_all_arrangements_of_ties(query):
    grades, scores = zip(*query, strict=True)
    pairs = [(i, j) for i in range(len(grades)) for j in range(len(grades)) if grades[i] > grades[j]]
    found = pairwise_accuracy([grades], [scores])
    if pairs:
        shares = [np.mean([o.index(i) < o.index(j) for i, j in pairs]) for o in orders(scores)]
        assert found == pytest.approx(np.mean(shares))
    else:
        assert np.isnan(found)


@pytest.mark.parametrize("metric", ALL)
def test_places_without_a_document_and_queries_that_define_nothing_do_not_count(metric):
    y, scores = [[2, 0, 1]], [[1.0, 3.0, 2.0]]
    padded = [[2, 0, 1, np.nan], [0, 0, 0, np.nan], [np.nan] * 4]
    assert metric(padded, [[1.0, 3.0, 2.0, 9.0], [1.0, 2.0, 3.0, 4.0], [0.0] * 4]) == metric(y, scores)


@pytest.mark.parametrize("metric", ALL)
def test_the_best_order_has_one(metric):
    assert metric([[0, 3, 1], [2, 0, 0]], [[-1.0, 9.0, 0.0], [1.0, 0.0, 0.0]]) == 1


@pytest.mark.parametrize("metric", ALL)
def test_a_broken_score_comes_last(metric):
    assert metric([[0, 2, 0, 1]], [[np.nan, 1.0, np.nan, np.nan]]) == metric([[0, 2, 0, 1]], [[0.0, 1.0, 0.0, 0.0]])
    assert metric([[0, 2]], [[np.nan] * 2]) == metric([[0, 2]], [[0.0] * 2])


def test_what_is_wrong_is_told():
    with pytest.raises(ConfigError, match="`at` must be at least 1, got 0"):
        ndcg([[1]], [[1.0]], at=0)
    with pytest.raises(DataError, match=r"`y` \(1, 2\) must hold relevances of at least 0, or NaN"):
        ndcg([[1, -1]], [[1.0, 2.0]])
    with pytest.raises(DataError, match="the shapes differ"):
        ndcg([[1, 0]], [[1.0]])
