from functools import partial

import numpy as np
import pytest
import torch
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from tests.data.scenarios.toys import Unread, of_classes, targets
from vernal.base import DataError
from vernal.data.per_row import per_row
from vernal.data.scenarios import DataIncremental, source
from vernal.data.split import split
from vernal.data.transformed import Transformed

DOMAINS = 5


def domain(i, n):
    """One domain, whose label is its number."""
    return TensorDataset(torch.zeros(n, 2), torch.full((n,), i))


def benchmark():
    """100 rows of each domain to learn from, of which a fifth validates, and 100 to test on."""
    parts = [split(domain(i, 100), [0.8, 0.2], seed=0) for i in range(DOMAINS)]
    train, validation = (ConcatDataset(side) for side in zip(*parts, strict=True))
    return train, ConcatDataset([domain(i, 100) for i in range(DOMAINS)]), validation


def test_a_chunk_has_the_rows_of_its_domains_one_after_the_other():
    chunk = DataIncremental(groups=((0, 1), (2,))).chunk(0, *benchmark())
    assert (len(chunk.train), len(chunk.validation)) == (160, 40)
    assert targets(chunk.train) == [0] * 80 + [1] * 80
    assert [len(test) for test in chunk.tests] == [200, 100]


def test_a_domain_can_be_a_chunk_of_its_own():
    chunk = DataIncremental(groups=((3,), (4,))).chunk(1, *benchmark())
    assert targets(chunk.train) == [4] * 80
    assert targets(chunk.validation) == [4] * 20
    assert [len(test) for test in chunk.tests] == [100, 100]


def test_a_domain_may_come_again():
    train, test, _ = benchmark()
    chunks = DataIncremental(groups=((0,), (1, 0))).chunks(train, test)
    assert [len(chunk.train) for chunk in chunks] == [80, 160]


def test_domains_can_be_named_by_a_column_of_the_dataset():
    rows = of_classes(2, 3)
    rows.site = np.array(["lab", "farm", "lab", "farm", "sea", "lab"])
    scenario = DataIncremental((("lab",), ("sea", "farm")), partial(per_row, read=lambda d: d.site))
    lab, rest = scenario.parts(Subset(rows, [1, 2, 3, 4]))
    assert (len(lab), len(rest)) == (1, 3)


def test_a_domain_without_rows_is_an_error_that_names_it():
    train, test, _ = benchmark()
    with pytest.raises(DataError, match=r"Chunk 1 does not contain domains \[7\]"):
        DataIncremental(groups=((0,), (7,))).chunks(train, test)


def test_the_source_is_found_below_parts_and_transforms():
    both = ConcatDataset([Unread([5, 5]), Unread([6])])
    np.testing.assert_array_equal(source(both), [0, 0, 1])
    np.testing.assert_array_equal(source(Subset(Transformed(both), [2, 0])), [1, 0])


def test_a_dataset_that_does_not_tell_domains_is_an_error():
    with pytest.raises(DataError, match="A TensorDataset does not say which domain .* or pass `domain=`"):
        DataIncremental(groups=((0,),)).chunks(of_classes(2, 2), of_classes(2, 2))
