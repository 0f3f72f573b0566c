import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triggers.doubles import fires, looks, run
from vernal.base import ConfigError
from vernal.triggers import Rows


@pytest.mark.parametrize("batch", [1, 30, 99, 1000])
def test_it_fires_as_often_as_the_amount_is_full_in_whatever_batches(batch):
    total = 3000
    batches = [batch] * (total // batch) + [total % batch]
    assert sum(fires(Rows(100), looks(*batches))) == total // 100 == 30


@given(st.lists(st.integers(0, 1000), max_size=30), st.integers(1, 500))
def test_no_row_is_lost_or_counted_twice(batches, n):
    state, decisions = run(Rows(n), looks(*batches))
    assert sum(decision.fires for decision in decisions) == sum(batches) // n
    assert state == {"rows": sum(batches) % n}


def test_it_says_how_many_came_and_how_many_are_needed():
    _, (keep, update) = run(Rows(1000), looks(400, 1700))
    assert keep.why == "400 rows came since it last fired, and 1,000 are needed."
    assert update.why == "2,100 rows came since it last fired, and 1,000 are enough."
    assert update.evidence == {"new_rows": 1700, "rows": 2100, "threshold": 1000}


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "10"])
def test_an_amount_that_is_none_is_refused(n):
    with pytest.raises(ConfigError, match="`n` must be"):
        Rows(n)
