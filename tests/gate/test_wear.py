import numpy as np
import pytest

from tests.gate.cases import counts, tolerance
from vernal.gate import required_labels
from vernal.gate.mcnemar import mcnemar_p
from vernal.gate.wear import Wear

ALPHA = 0.05


def test_all_levels_together_stay_below_the_bound():
    spent = sum(Wear(looks, ALPHA).level for looks in range(10_000))
    assert Wear(0, ALPHA).level == ALPHA
    assert np.pi**2 / 6 * ALPHA - 1e-4 < spent < np.pi**2 / 6 * ALPHA


@pytest.mark.law
def test_a_holdout_that_judged_50_equal_challengers_seldom_promoted_one():
    wins, losses = counts(2000, 0.0, repeats=3000 * 50)
    p = mcnemar_p(wins, losses).reshape(3000, 50)
    levels = [Wear(looks, ALPHA).level for looks in range(50)]
    assert (p <= levels).any(axis=1).mean() <= 0.082 + tolerance(0.082, 3000)
    assert (p <= ALPHA).any(axis=1).mean() > 0.8  # without wear


@pytest.mark.law
def test_it_holds_where_challengers_are_made_from_what_was_refused_before():
    """Every attempt is the last one with a tenth of its answers guessed anew; none is better than the champion."""
    generator, repeats, n = np.random.default_rng(0), 300, 1000
    promoted = {"worn": 0, "fresh": 0}
    for _ in range(repeats):
        y = generator.integers(0, 2, n)
        champion, attempt = generator.integers(0, 2, n), generator.integers(0, 2, n)
        first = {"worn": False, "fresh": False}
        for looks in range(30):
            attempt = np.where(generator.random(n) < 0.1, generator.integers(0, 2, n), attempt)
            ours, theirs = attempt == y, champion == y
            p = mcnemar_p((ours & ~theirs).sum(), (~ours & theirs).sum())
            first["worn"] |= bool(p <= Wear(looks, ALPHA).level)
            first["fresh"] |= bool(p <= ALPHA)
        for name in promoted:
            promoted[name] += first[name]
    assert promoted["worn"] / repeats <= 0.082 + tolerance(0.082, repeats)
    assert promoted["fresh"] / repeats > 0.15


def test_the_shelf_life_is_how_often_the_labels_suffice():
    n, left = 12_000, Wear(0, ALPHA).left(12_000, 0.08 - 0.01**2, 0.01, 0.8)
    last, beyond = (required_labels(0.08, 0.01, alpha=ALPHA / looks**2) for looks in (left + 1, left + 2))
    assert last <= n < beyond
    assert left > 1


def test_every_use_takes_one_from_what_is_left_and_the_end_is_the_end():
    left = [Wear(looks, ALPHA).left(12_000, 0.08, 0.01, 0.8) for looks in range(40)]
    assert all(now == max(0, before - 1) for before, now in zip(left, left[1:], strict=False))
    assert left[-1] == 0


def test_the_ends_are_defined():
    assert Wear(0, ALPHA).left(1000, 0.0, 0.01, 0.8) > 100
    assert Wear(0, ALPHA).left(1000, 0.1, 0.0, 0.8) == 0
    assert Wear(0, ALPHA).left(10**9, 0.1, 0.1, 0.8) > 100
