from __future__ import annotations

import pyarrow as pa
import pytest

from vernal.base import DataError
from vernal.cli.wizard import label_of


def of(values):
    return label_of(pa.table({"y": values}), "y")


def test_whole_numbers_from_0_on_are_classes_as_they_are():
    assert (of([0, 2, 1, 2]).classes, of([0, 2, 1, 2]).codes) == ((0, 1, 2), "")
    assert of([0, 0, 0]).classes == (0, 1)  # the rare class has not come yet
    assert of([1, 2, 2]).classes == (0, 1, 2)
    assert of([True, False, None]).classes == (False, True)


@pytest.mark.parametrize(
    ("values", "classes", "codes"),
    [
        (["no", "yes", "no"], ("no", "yes"), "string"),
        ([5, 6, 5], (5, 6), "int64"),
        ([-1, 1, 1], (-1, 1), "int64"),
        ([0.0, 1.0, 1.0], (0, 1), "int64"),
        ([0, 100, 100], (0, 100), "int64"),
        (pa.array(["b", "a"]).dictionary_encode(), ("a", "b"), "string"),
    ],
)
def test_other_values_are_looked_up(values, classes, codes):
    label = of(values)
    assert (label.classes, label.codes) == (classes, codes)


def test_many_numbers_are_a_regression_in_their_own_units():
    label = of([float(1000 + 10 * i) + 0.5 for i in range(100)])
    assert (label.classes, label.whole) == (None, False)
    assert (label.mean, label.scale) == (1500.0, 289.0)  # 1495.5 and 10 √(9999 / 12) = 288.7, to three digits
    assert label.said == "a number, about 1500, varying by 289"
    assert of([*range(100)]).whole


def test_a_constant_number_has_a_scale_that_can_be_multiplied_by():
    assert of([0.5] * 60).scale == 1.0


def test_gaps_are_counted():
    assert of(["a", None, "b"]).gaps == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["a", "a"], "holds nothing but 'a'"),
        ([f"{i}" for i in range(100)], "holds 100 different texts, too many to be classes"),
        (pa.array([None, None], pa.int64()), "is empty in the rows that were looked at"),
        ([[1], [2]], "neither classes nor numbers"),
    ],
)
def test_what_cannot_be_predicted_is_refused(values, said):
    with pytest.raises(DataError, match=said):
        of(values)
