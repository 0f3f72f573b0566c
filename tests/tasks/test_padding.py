import numpy as np

from vernal.tasks.padding import joined


def test_every_dimension_is_padded_at_its_end():
    tall, wide = np.ones((1, 3, 1)), np.ones((2, 1, 2))
    whole = joined([tall, wide], np.nan)
    assert whole.shape == (3, 3, 2)
    assert np.isnan(whole).sum() == 3 + 2 * 4
    assert np.array_equal(whole[0, :, 0], np.ones(3))


def test_parts_of_one_size_are_only_put_together():
    assert joined([np.array([[1, 2]]), np.array([[3, 4]])], -1).tolist() == [[1, 2], [3, 4]]
