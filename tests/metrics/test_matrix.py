import numpy as np
import pytest

from vernal.base import DataError
from vernal.metrics.matrix import mean_over_earlier_chunks, score_matrix


def test_a_square_matrix_is_returned_as_it_is():
    square = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(score_matrix(square), square)


@pytest.mark.parametrize(
    "rows",
    [[[0.9], [0.8, 0.7]], [[0.9, None], [0.8, 0.7]], [[0.9, float("nan")], [0.8, 0.7]]],
    ids=["ends early", "None", "NaN"],
)
def test_unknown_scores_on_later_chunks_become_nan(rows):
    np.testing.assert_array_equal(score_matrix(rows), [[0.9, np.nan], [0.8, 0.7]])


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "has no rows. Pass one row of scores per update"),
        ([[0.9], [0.8]], r"Row 1 .* has the shape \(1,\). .* chunks 0 to 1, and none beyond chunk 1"),
        ([[0.9, 0.8]], r"Row 0 .* has the shape \(2,\)"),
        ([0.9, 0.8], r"Row 0 .* has the shape \(\)"),
        ([[0.9], [None, 0.8]], "Row 1 of the score matrix lacks the score on chunk 0. .* measure every"),
    ],
)
def test_rows_that_do_not_make_a_lineage_are_errors(rows, text):
    with pytest.raises(DataError, match=text):
        score_matrix(rows)


def test_the_mean_over_earlier_chunks_leaves_out_the_later_ones():
    gains = np.array([[1.0, np.nan, np.nan], [2.0, 4.0, np.nan]])
    np.testing.assert_array_equal(mean_over_earlier_chunks(gains), [0, 1, 3])
