import random

import numpy as np
import pytest
import torch

from vernal.state import pack, unpack
from vernal.training.randomness import capture, isolated, restore


def draws():
    return torch.rand(3).tolist(), np.random.rand(3).tolist(), [random.random() for _ in range(3)]


def test_a_captured_state_survives_packing_and_gives_the_same_draws():
    torch.randn(1), np.random.randn(1), random.gauss(0, 1)
    state = unpack(pack(capture()))
    first = draws(), np.random.randn(), random.gauss(0, 1)
    restore(state)
    assert (draws(), np.random.randn(), random.gauss(0, 1)) == first


def test_the_callers_own_draws_are_not_disturbed():
    state = capture()
    expected = draws()
    restore(state)
    with isolated(3):
        inside = draws()
    assert draws() == expected
    with isolated(3):
        assert draws() == inside
    with isolated(4):
        assert draws() != inside


def test_an_error_inside_leaves_no_trace():
    state = capture()
    expected = draws()
    restore(state)
    with pytest.raises(ZeroDivisionError), isolated(3):
        1 / 0  # noqa: B018
    assert draws() == expected
