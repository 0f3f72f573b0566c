"""Rows are dealt fairly, blocks stay whole, and the samples as they are come first."""

import numpy as np
import pytest
from scipy.stats import chisquare

from vernal.drift.permutation import BATCH, deals, note_on_blocks, permutation_p, too_few_blocks, whole_blocks


def all_deals(rows: tuple[int, int], permutations: int, block: int = 1, seed: int = 0) -> np.ndarray:
    return np.concatenate([*deals(rows, permutations, block, seed)], axis=1)


def test_the_first_way_is_how_the_samples_are_and_every_way_has_their_sizes() -> None:
    dealt = all_deals((3, 2), permutations=2 * BATCH + 5)
    assert dealt.shape == (5, 2 * BATCH + 6)
    assert dealt[:, 0].tolist() == [0, 0, 0, 1, 1]
    assert set(dealt.sum(axis=0)) == {2}


@pytest.mark.law
def test_every_way_to_deal_is_as_likely() -> None:
    """Of the 10 ways to deal 2 of 5 rows, in 5,000 draws: chi-squared with p above .001."""
    _, counts = np.unique(all_deals((3, 2), 5000)[:, 1:], axis=1, return_counts=True)
    assert len(counts) == 10
    assert chisquare(counts).pvalue > 0.001


def test_blocks_stay_whole() -> None:
    dealt = all_deals((6, 4), 50, block=2)
    assert np.array_equal(dealt[::2], dealt[1::2])
    assert len(np.unique(dealt, axis=1).T) == 10


def test_the_oldest_rows_that_fill_no_block_are_left_out() -> None:
    assert whole_blocks(np.arange(7)[:, None], 3)[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
    assert len(whole_blocks(np.arange(2)[:, None], 3)) == 0


def test_p_counts_the_samples_as_they_are_and_what_is_equal() -> None:
    assert permutation_p(np.array([2.0, 1, 1, 1])) == 1 / 4
    assert permutation_p(np.array([2.0, 2, 3, 1])) == 3 / 4
    assert permutation_p(np.array([2.0, 2 - 1e-9, 0, 1])) == 2 / 4
    assert permutation_p(np.array([1.0, 1, 1, 1])) == 1


@pytest.mark.parametrize(
    ("rows", "block", "note"),
    [((100, 100), 1, ""), ((500, 500), 50, ""), ((4, 2), 2, "in 3 ways, so p is at least 0.33")],
)
def test_a_note_says_where_blocks_are_few(rows: tuple[int, int], block: int, note: str) -> None:
    assert note in note_on_blocks(rows, block)
    assert bool(note) == bool(note_on_blocks(rows, block))


def test_a_sample_needs_a_block() -> None:
    assert too_few_blocks((3, 3), 3) == ""
    assert too_few_blocks((0, 6), 3) == "The samples have 0 and 6 rows, and a block 3."
