"""An id is found again only if it is written in one way."""

from decimal import Decimal

import numpy as np
import pytest
import torch

from vernal.base import DataError
from vernal.data import id_digests, id_texts


@pytest.mark.parametrize(
    "ids",
    [
        [7, 8],
        ["7", "8"],
        (7, "8"),
        torch.tensor([7, 8]),
        torch.tensor([7, 8], dtype=torch.uint8),
        np.array([7, 8]),
        np.array(["7", "8"]),
        np.array([7, "8"], dtype=object),
        [np.int64(7), np.str_("8")],
        [torch.tensor(7), torch.tensor(8)],
        iter([7, 8]),
    ],
)
def test_an_id_is_the_same_however_it_is_given(ids):
    assert id_texts(ids) == ["7", "8"]


@pytest.mark.parametrize("wrong", [1.0, np.float32(1), torch.tensor(1.0), None, b"a", True, Decimal(1), (1, 2), [1]])
def test_what_could_be_written_in_two_ways_is_no_id(wrong):
    for read in (id_texts, id_digests):
        with pytest.raises(DataError, match=r"The id .* is a .*\. Ids are text or whole numbers: convert them\."):
            read([wrong])


@pytest.mark.parametrize("wrong", [torch.rand(2), np.ones(2), np.array([True]), np.zeros((2, 2), int)])
def test_an_array_of_something_else_holds_no_ids(wrong):
    with pytest.raises(DataError, match="Ids are text or whole numbers"):
        id_texts(wrong)


def test_one_text_is_no_list_of_ids():
    with pytest.raises(DataError, match="`ids` is one text, 'abc', of which every letter would be an id"):
        id_texts("abc")


def test_no_ids_have_no_digests():
    assert id_digests([]).shape == (0, 16)
