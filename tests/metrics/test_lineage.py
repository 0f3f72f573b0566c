import numpy as np
import pytest

from tests.metrics.lineages import (
    DROPPING,
    DROPPING_INITIAL,
    DROPPING_SIZES,
    GAINING,
    GAINING_INITIAL,
    without_the_future,
)
from vernal.base import canonical_json
from vernal.metrics import cumulative_table, lineage_summary


def test_the_table_has_the_golden_numbers_of_every_update():
    # Derived one by one in test_average, test_forgetting and test_transfer.
    expected = [
        [1, 0.9362, 0.9362, 0, 0, 0],
        [2, 0.88955, 0.8691667, 0.1078, 0.5093, -0.1078],
        [3, 0.6214, 0.64916, 0.4833, 0.3788, -0.4833],
    ]
    rows = cumulative_table(DROPPING, DROPPING_SIZES, DROPPING_INITIAL)
    np.testing.assert_allclose([list(row.values()) for row in rows], expected, atol=1e-6)


def test_the_table_names_its_columns_as_the_papers_do():
    (row,) = cumulative_table([[0.5]], [10], [0.1])
    assert list(row) == [
        "Task ID",
        "Average Accuracy",
        "Micro Average Accuracy",
        "Forgetting",
        "Forward Transfer",
        "Backward Transfer",
    ]


def test_the_table_is_made_of_plain_values():
    rows = cumulative_table(DROPPING, DROPPING_SIZES, DROPPING_INITIAL)
    assert canonical_json(rows).startswith(b'[{"Average Accuracy":0.9362000227,')
    assert {type(value) for row in rows for value in row.values()} == {int, float}


def test_the_summary_is_that_of_the_latest_update():
    assert lineage_summary(GAINING, GAINING_INITIAL) == pytest.approx(
        {
            "average_accuracy": 0.816667,
            "forgetting": 0.1,
            "backward_transfer": -0.075,
            "forward_transfer": 0.075,
        },
        abs=1e-6,
    )


def test_forward_transfer_that_cannot_be_known_is_left_out():
    known = without_the_future(GAINING)
    assert lineage_summary(known, GAINING_INITIAL) == lineage_summary(known)
    assert "forward_transfer" not in lineage_summary(GAINING)


def test_an_error_is_called_by_its_name_and_judged_the_other_way_round():
    summary = lineage_summary([[2.0], [3.5, 1.5]], metric="mae", higher_is_better=False)
    assert summary == {"average_mae": 2.5, "forgetting": 1.5, "backward_transfer": -1.5}
