"""Steps of equally many rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triggers.drifting import NOW, facts
from vernal.triggers import Facts
from vernal.triggers.steps import EMPTY, losses, summary, take

ROWS = st.lists(st.floats(0, 10), max_size=50)


@given(ROWS, st.lists(st.integers(0, 50), max_size=5), st.integers(1, 12))
def test_steps_are_the_same_to_the_bit_however_rows_arrive(values, cuts, rows):
    whole = take(EMPTY, np.array(values), rows)
    still_open, done = EMPTY, []
    for part in np.split(np.array(values), sorted(cuts)):
        still_open, completed = take(still_open, part, rows)
        done += completed
    assert (still_open, done) == whole


@given(ROWS, st.integers(1, 12))
def test_a_step_is_the_mean_and_deviation_of_its_rows(values, rows):
    still_open, done = take(EMPTY, np.array(values), rows)
    assert (len(done), still_open["rows"]) == divmod(len(values), rows)
    for n, step in enumerate(done):
        part = np.array(values[n * rows : (n + 1) * rows])
        assert step.mean == pytest.approx(part.mean())
        assert step.deviation == pytest.approx(part.std(), abs=1e-6)


def test_a_mean_is_known_to_its_deviation_over_the_root_of_the_rows():
    assert summary({"rows": 4, "sum": 2.0, "squares": 2.0}).error == 0.25


def test_losses_are_what_was_wrong_and_only_what_was_answered():
    assert losses(facts([0.0, 1.0], "correct"), "correct").tolist() == [0.0, 1.0]
    assert losses(facts([0.5, np.nan, np.inf]), "loss").tolist() == [0.5]
    assert losses(Facts(NOW), "loss").tolist() == []
