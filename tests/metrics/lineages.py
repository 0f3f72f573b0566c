"""Score matrices with known answers, and a strategy for others."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

# Three chunks, learned one after the other. The third update costs half of what was known of the first two.
DROPPING = np.array(
    [
        [0.9362000227, 0.6093000174, 0.3325999975],
        [0.8284000158, 0.9506999850, 0.3382999897],
        [0.4377000034, 0.4826000035, 0.9438999891],
    ]
)
DROPPING_INITIAL = np.array([0.2, 0.1, 0.09])
DROPPING_SIZES = np.array([10, 5, 10])

# Here the first chunk profits from the second, and the second from the third.
GAINING = np.array([[0.90, 0.20, 0.10], [0.95, 0.80, 0.15], [0.70, 0.85, 0.90]])
GAINING_INITIAL = np.full(3, 0.1)
GAINING_SIZES = np.array([100, 300, 100])

score_matrices = st.integers(1, 6).flatmap(lambda n: arrays(np.float64, (n, n), elements=st.floats(0, 1, width=32)))


def without_the_future(matrix):
    """The same lineage as ragged rows, scores on later chunks unknown."""
    return [row[: i + 1].tolist() for i, row in enumerate(matrix)]
