import numpy as np
import pytest

from vernal.base import ConfigError
from vernal.data.scenarios.cutting import ordered_parts, shuffled_parts


def test_longer_parts_come_first_and_the_order_is_kept():
    parts = ordered_parts([*"abcde"], np.array([4, 3, 2, 1, 0]), 2)
    assert [list(part) for part in parts] == [["e", "d", "c"], ["b", "a"]]


def test_parts_without_an_order_are_random_and_repeatable():
    first, again = ([part.indices for part in shuffled_parts([*"abcdefgh"], 2, seed=3)] for _ in range(2))
    assert first == again != [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_there_must_be_a_part():
    with pytest.raises(ConfigError, match="at least 1 chunk, got 0"):
        ordered_parts([], np.array([], dtype=np.int64), 0)
