import torch
from hypothesis import given
from hypothesis import strategies as st

from vernal.memory import Shuffled

ROWS, COUNTS = st.integers(1, 30), st.lists(st.integers(0, 40), max_size=12)


@given(n=ROWS, counts=COUNTS, seed=st.integers(0, 99))
def test_every_row_comes_once_before_any_comes_again(n, counts, seed):
    walk = Shuffled(n, seed)
    rows = torch.cat([torch.empty(0, dtype=torch.int64), *(walk.take(count) for count in counts)]).tolist()
    for start in range(0, len(rows), n):
        passage = rows[start : start + n]
        assert len(set(passage)) == len(passage)
        assert set(passage) <= set(range(n))


@given(n=ROWS, counts=COUNTS, seed=st.integers(0, 99))
def test_a_walk_goes_on_from_its_position(n, counts, seed):
    walk = Shuffled(n, seed)
    for count in counts:
        resumed = Shuffled(n, seed, walk.position)
        assert torch.equal(resumed.take(count), walk.take(count))
        assert resumed.position == walk.position


@given(n=ROWS, count=st.integers(1, 40), skips=st.integers(0, 6), position=st.integers(0, 100))
def test_what_is_seen_ahead_comes_later(n, count, skips, position):
    walk = Shuffled(n, 0, position)
    each = min(count, n)
    seen = walk.ahead(skips * each, each)
    assert walk.position == position
    for _ in range(skips):
        walk.take(count)
    assert torch.equal(walk.take(count), seen)


@given(n=ROWS, count=st.integers(0, 60))
def test_a_draw_has_as_many_rows_as_there_are_at_most(n, count):
    assert len(Shuffled(n, 0).take(count)) == min(n, count)


def test_a_draw_of_the_whole_memory_has_every_row_time_after_time():
    walk = Shuffled(7, 0)
    for _ in range(3):
        assert sorted(walk.take(20).tolist()) == [*range(7)]


def test_walks_differ_from_each_other_and_with_the_seed():
    walk = Shuffled(50, 0)
    first, second = walk.take(50).tolist(), walk.take(50).tolist()
    assert first != second
    assert Shuffled(50, 1).take(50).tolist() != first
