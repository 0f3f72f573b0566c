import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.memory.doubles import admitted, numbers, reopened
from vernal.memory import Balanced, Candidates, Memory, fair_shares, row_keys

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def test_ten_classes_share_a_hundred_places(blobs, tmp_path):
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 1000))
    memory = Memory(blobs, seed=0)
    for chunk in range(10):
        rows = numbers(chunk * 1000, 1000, labels=order[chunk * 1000 : (chunk + 1) * 1000])
        memory = reopened(admitted(memory, rows, Balanced(100), chunk + 1, tmp_path), blobs)
        stored = [int(memory[i][0][1]) for i in range(len(memory))]
        assert len(stored) == 100
        assert set(np.bincount(stored, minlength=10).tolist()) <= {9, 10, 11}
        assert memory.index.labels.tolist() == stored


@pytest.mark.law
def test_of_two_equally_large_classes_each_loses_a_row_half_the_time():
    trials, losses = 4000, np.zeros(2)
    labels = np.array([0, 0, 1, 1])
    for seed in range(trials):
        kept = Balanced(3).keep(Candidates(row_keys(seed, 0, 4), labels, np.ones(4, np.int64)))
        losses += 2 - np.bincount(labels[kept], minlength=2)
    assert np.abs(losses / trials - 0.5).max() < 5 * np.sqrt(0.25 / trials)


def test_by_chunks_every_update_has_its_share(blobs, tmp_path):
    memory = Memory(blobs, seed=0)
    for update, rows in ((1, 50), (2, 4), (3, 50)):
        memory = admitted(memory, numbers(100 * update, rows), Balanced(24, by="chunks"), update, tmp_path)
    assert np.bincount(memory.index.chunks).tolist() == [0, 10, 4, 10]


@given(sizes=SIZES, capacity=st.integers(0, 200), seed=st.integers(0, 99))
def test_shares_are_full_fair_and_possible(sizes, capacity, seed):
    sizes, turns = np.array(sizes), np.random.default_rng(seed).random(len(sizes))
    shares = fair_shares(sizes, capacity, turns)
    assert shares.sum() == min(capacity, sizes.sum())
    assert (shares <= sizes).all()
    # Whoever has less than another by more than a left-over place has all of its rows in.
    assert all(share == size for share, size in zip(shares, sizes, strict=True) if share < shares.max() - 1)


@given(sizes=SIZES, capacity=st.integers(1, 200))
def test_nobody_without_a_turn_gets_a_left_over_place_before_one_with(sizes, capacity):
    sizes, turns = np.array(sizes), np.arange(len(sizes)) / 10
    shares = fair_shares(sizes, capacity, turns)
    contested = np.flatnonzero(shares < sizes)
    assert (np.diff(shares[contested]) >= 0).all()
