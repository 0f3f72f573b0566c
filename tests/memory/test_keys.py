from hypothesis import given
from hypothesis import strategies as st

from vernal.memory import row_keys


@given(seed=st.integers(0, 2**63 - 1), cut=st.integers(0, 50), rest=st.integers(0, 50))
def test_a_stream_that_is_resumed_goes_on_where_it_was(seed, cut, rest):
    whole = row_keys(seed, 0, cut + rest)
    assert [*row_keys(seed, 0, cut), *row_keys(seed, cut, rest)] == whole.tolist()


def test_keys_lie_between_zero_and_one_and_differ():
    keys = row_keys(3, 0, 1000)
    assert ((keys >= 0) & (keys < 1)).all()
    assert len(set(keys.tolist())) == 1000


def test_another_seed_is_another_stream():
    assert row_keys(1, 0, 5).tolist() != row_keys(2, 0, 5).tolist()
