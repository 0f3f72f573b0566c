from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import SchemaMismatch
from vernal.models import grown_like

SHAPES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=3)


@given(SHAPES, st.floats(-2, 2, width=32))
def test_the_old_stands_first_and_the_rest_is_filled(pairs, fill):
    before, now = tuple(a for a, _ in pairs), tuple(a + more for a, more in pairs)
    old, like = torch.rand(before), torch.empty(now)
    grown = grown_like(old, like, fill)
    corner = tuple(slice(n) for n in before)
    assert grown.shape == like.shape
    assert torch.equal(grown[corner], old)
    rest = torch.ones(now, dtype=torch.bool)
    rest[corner] = False
    assert grown[rest].eq(fill).all()


def test_growing_in_two_steps_is_growing_at_once():
    old, middle, end = torch.rand(2, 3), torch.empty(4, 3), torch.empty(5, 6)
    assert torch.equal(grown_like(grown_like(old, middle), end), grown_like(old, end))


def test_the_result_is_new_even_where_nothing_grew():
    old = torch.zeros(2)
    grown_like(old, torch.empty(2)).fill_(1)
    assert old.eq(0).all()


def test_it_has_the_type_of_the_old_and_the_place_of_the_parameter():
    parameter = torch.nn.Parameter(torch.zeros(3, dtype=torch.bfloat16, device="meta"))
    grown = grown_like(torch.ones(2, dtype=torch.float64), parameter)
    assert (grown.dtype, grown.device.type, grown.requires_grad) == (torch.float64, "meta", False)


@pytest.mark.parametrize("now", [(1, 3), (2, 2), (2,), (2, 3, 1)])
def test_what_shrank_or_changed_its_dimensions_is_refused(now):
    with pytest.raises(SchemaMismatch, match=r"shape \(2, 3\) was kept for a parameter that now has shape \("):
        grown_like(torch.zeros(2, 3), torch.zeros(now))
