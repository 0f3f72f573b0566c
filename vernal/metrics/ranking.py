"""The order of documents for queries. Shapes: ``N`` queries, ``L`` documents a query.

``y`` holds the relevance of each document, at least 0, and NaN for places without a document. Documents that tie in
their scores stand in a random order, of which every metric gives the expectation: a model that says the same of all
gains nothing from the order in which they came. A score that is NaN comes last. A query that does not define a metric
is left out of its mean; if all are, the mean is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from vernal.base import ConfigError, DataError
from vernal.metrics.matrix import Floats
from vernal.metrics.rows import aligned


def ndcg(y: ArrayLike, scores: ArrayLike, at: int | None = None) -> float:
    r"""The discounted cumulative gain, as a share of what the best order has [1]_, averaged over queries.

    .. math:: \mathrm{DCG} = \sum_{i \ge 1} \frac{2^{y_i} - 1}{\log_2(i + 1)}

    Args:
        y: relevance, shape ``(N, L)``; a query without a relevant document does not count.
        scores: higher is ranked first, shape ``(N, L)``.
        at: only the first so many places count, at least 1; None for all.

    Examples:
        >>> round(ndcg([[0, 1, 0]], [[3.0, 2.0, 1.0]]), 4)
        0.6309

    References:
        .. [1] K. Järvelin, J. Kekäläinen. Cumulated gain-based evaluation of IR techniques. TOIS 20(4), 2002.
           https://doi.org/10.1145/582415.582418
           The gain of powers of two: C. Burges et al. Learning to rank using gradient descent. ICML 2005. Ties:
           F. McSherry, M. Najork. Computing information retrieval performance measures efficiently in the presence of
           tied scores. ECIR 2008.
    """
    if at is not None and at < 1:
        raise ConfigError(f"`at` must be at least 1, got {at}.")

    def of_query(relevance: Floats, values: Floats) -> float:
        gains = 2**relevance - 1
        best = _dcg(gains, relevance, at)
        return _dcg(gains, values, at) / best if best else np.nan

    return _mean_over_queries(of_query, y, scores)


def mean_reciprocal_rank(y: ArrayLike, scores: ArrayLike) -> float:
    """One over the place of the first document that is relevant, averaged over queries.

    Args:
        y: relevance, shape ``(N, L)``; above 0 is relevant, and a query without such a document does not count.
        scores: higher is ranked first, shape ``(N, L)``.

    Examples:
        >>> mean_reciprocal_rank([[0, 1, 2]], [[3.0, 2.0, 1.0]])
        0.5
    """
    return _mean_over_queries(_reciprocal_rank, y, scores)


def pairwise_accuracy(y: ArrayLike, scores: ArrayLike) -> float:
    """The share of pairs of documents with different relevance that are ordered right, averaged over queries.

    Args:
        y: relevance, shape ``(N, L)``; a query whose documents are all alike does not count.
        scores: higher is ranked first, shape ``(N, L)``; a tie counts as half.

    Examples:
        >>> pairwise_accuracy([[0, 1, 2]], [[1.0, 3.0, 2.0]])
        0.6666666666666666
    """
    return _mean_over_queries(_pairs_right, y, scores)


def _dcg(gains: Floats, values: Floats, at: int | None) -> float:
    """The gains in the order of the values, discounted; ties share the mean discount of their places."""
    places = np.arange(len(gains))
    discounts = np.where(places < (at or len(places)), 1 / np.log2(places + 2), 0)
    _, group, sizes = np.unique(-values, return_inverse=True, return_counts=True)
    of_group = np.add.reduceat(discounts, np.cumsum(sizes) - sizes) / sizes
    return float(gains @ of_group[group])


def _reciprocal_rank(relevance: Floats, values: Floats) -> float:
    relevant = relevance > 0
    if not relevant.any():
        return np.nan
    best = values[relevant].max()
    ahead, tied = int((values > best).sum()), int((values == best).sum())
    hits = int((relevant & (values == best)).sum())
    # The first of `hits` relevant ones among `tied` stands at place k of these in so many of all arrangements.
    places = range(1, tied - hits + 2)
    return sum(comb(tied - k, hits - 1) / (ahead + k) for k in places) / comb(tied, hits)


def _pairs_right(relevance: Floats, values: Floats) -> float:
    better = relevance[:, None] > relevance[None, :]
    if not better.any():
        return np.nan
    above, tied = values[:, None] > values[None, :], values[:, None] == values[None, :]
    return float((above + 0.5 * tied)[better].mean())


def _mean_over_queries(metric: Callable[[Floats, Floats], float], y: ArrayLike, scores: ArrayLike) -> float:
    relevance, values = aligned(y=np.asarray(y, dtype=np.float64), scores=np.asarray(scores, dtype=np.float64))
    there = ~np.isnan(relevance)
    if relevance.ndim != 2 or (relevance[there] < 0).any():
        raise DataError(f"`y` {relevance.shape} must hold relevances of at least 0, or NaN for no document, (N, L).")
    values = np.where(np.isnan(values), -np.inf, values)
    queries = zip(relevance, values, there, strict=True)
    found = np.array([metric(grades[places], said[places]) for grades, said, places in queries])
    return float(found[~np.isnan(found)].mean()) if not np.isnan(found).all() else np.nan
