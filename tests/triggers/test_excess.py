"""Page's statistic against its recursion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.triggers.excess import LEVEL, climb

NUMBERS = st.lists(st.integers(-5, 5).map(float), max_size=40)


@given(NUMBERS)
def test_it_is_the_recursion_row_by_row(numbers):
    height, rows = 0.0, 0
    expected = [(height, rows)]
    for number in numbers:
        height = max(0.0, height + number)
        rows = rows + 1 if height else 0
        expected.append((height, rows))
    _, excess = climb(LEVEL, np.array(numbers))
    assert [*zip(excess.height.tolist(), excess.rows.tolist(), strict=True)] == expected


@given(st.lists(st.floats(-5, 5), max_size=40), st.lists(st.integers(0, 40), max_size=5))
def test_it_is_the_same_to_the_bit_however_numbers_arrive(numbers, cuts):
    whole, excess = climb(LEVEL, np.array(numbers))
    state, heights = LEVEL, [0.0]
    for part in np.split(np.array(numbers), sorted(cuts)):
        state, path = climb(state, part)
        heights += path.height[1:].tolist()
    assert state == whole
    assert heights == pytest.approx(excess.height.tolist(), abs=0)
