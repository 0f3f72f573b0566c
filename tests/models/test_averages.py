from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from vernal.base import ConfigError, SchemaMismatch
from vernal.models import GrowingHead, MultiHead, interpolate, moving_average_, uniform_average, warmed_up

VALUES = st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=8)


def scalar(value, dtype=torch.float64):
    model = nn.Linear(1, 1, bias=False).to(dtype)
    nn.init.constant_(model.weight, value)
    return model


@given(VALUES, st.floats(0, 1))
def test_a_moving_average_has_its_closed_form(values, decay):
    average = {}
    for value in values:
        moving_average_(average, scalar(value), decay)
    n = len(values)
    weights = [decay ** (n - 1)] + [(1 - decay) * decay ** (n - 1 - i) for i in range(1, n)]
    assert average["weight"].item() == pytest.approx(sum(w * v for w, v in zip(weights, values, strict=True)), abs=1e-9)


@given(VALUES)
def test_a_moving_average_that_warms_up_is_the_mean_at_first(values):
    average = {}
    for steps, value in enumerate(values):
        moving_average_(average, scalar(value), warmed_up(1.0, steps))
    assert average["weight"].item() == pytest.approx(sum(values) / len(values), abs=1e-9)


@pytest.mark.parametrize(
    ("steps", "decay", "factor"), [(0, 0.9, 0), (1, 0.999, 0.5), (9, 0.999, 0.9), (9999, 0.999, 0.999)]
)
def test_the_decay_warms_up(steps, decay, factor):
    assert warmed_up(decay, steps) == pytest.approx(factor, abs=1e-15)


def test_an_average_is_a_copy():
    model, average = scalar(1.0), {}
    moving_average_(average, model, 0.5)
    nn.init.constant_(model.weight, 3.0)
    assert average["weight"].item() == 1.0
    assert not average["weight"].requires_grad


def test_an_average_is_moved_in_place():
    average = {}
    moving_average_(average, scalar(1.0), 0.5)
    held = average["weight"]
    moving_average_(average, scalar(2.0), 0.5)
    assert average["weight"] is held
    assert held.item() == 1.5


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_small_steps_add_up_in_half_precision(dtype):
    average = {}
    moving_average_(average, scalar(1.0, dtype), 0.999)
    for _ in range(1000):
        moving_average_(average, scalar(2.0, dtype), 0.999)
    assert average["weight"].dtype == torch.float32
    assert average["weight"].item() == pytest.approx(2 - 0.999**1000, abs=1e-4)
    model = scalar(0.0, dtype)
    model.load_state_dict(average)
    assert model.weight.dtype == dtype


def test_running_statistics_are_averaged_and_counts_are_the_newest():
    model, average = nn.BatchNorm1d(2), {}
    moving_average_(average, model, 0.5)
    model(torch.tensor([[0.0, 10.0], [4.0, 30.0]]))
    moving_average_(average, model, 0.5)
    # Momentum 0.1: running means (0.2, 2), halfway from (0, 0).
    torch.testing.assert_close(average["running_mean"], torch.tensor([0.1, 1.0]))
    assert average["num_batches_tracked"].item() == 1
    assert average["num_batches_tracked"] is not model.num_batches_tracked


def test_new_rows_of_a_head_are_taken_from_the_model():
    head, average = GrowingHead(2, 1), {}
    moving_average_(average, head, 0.5)
    old = copy.deepcopy(average)
    head.grow(3)
    nn.init.zeros_(head.bias)
    moving_average_(average, head, 0.75)
    torch.testing.assert_close(average["weight"][:1], 0.75 * old["weight"] + 0.25 * head.weight[:1].detach())
    torch.testing.assert_close(average["bias"][:1], 0.75 * old["bias"])
    assert torch.equal(average["weight"][1:], head.weight[1:].detach())
    head.load_state_dict(average)


def test_a_new_head_is_taken_from_the_model():
    head, average = MultiHead(2), {}
    moving_average_(average, head, 0.5)
    head.grow(3, 2)
    moving_average_(average, head, 0.5)
    assert torch.equal(average["heads.3.weight"], head.heads["3"].weight.detach())


def test_a_model_without_state_has_an_empty_average():
    average = {}
    moving_average_(average, nn.ReLU(), 0.5)
    assert average == {}


def test_a_model_that_lost_something_is_refused():
    average = {}
    moving_average_(average, nn.Linear(2, 3), 0.5)
    before = copy.deepcopy(average)
    with pytest.raises(SchemaMismatch, match="The newer state has no 'bias', which the older one has"):
        moving_average_(average, nn.Linear(2, 3, bias=False), 0.5)
    with pytest.raises(SchemaMismatch, match=r"shape \(3, 2\) was kept for a parameter that now has shape \(2, 2\)"):
        moving_average_(average, nn.Linear(2, 2), 0.5)
    assert all(torch.equal(average[name], before[name]) for name in before)


@given(st.lists(VALUES.map(lambda v: (v * 8)[:2]), min_size=1, max_size=5))
def test_a_uniform_average_is_the_mean(rows):
    average = uniform_average([{"w": torch.tensor(row, dtype=torch.float64)} for row in rows])
    assert average["w"].tolist() == pytest.approx(torch.tensor(rows, dtype=torch.float64).mean(0).tolist(), abs=1e-9)


def test_a_uniform_average_is_over_the_states_that_have_a_row():
    states = [
        {"w": torch.tensor([1.0])},
        {"w": torch.tensor([3.0, 8.0])},
        {"w": torch.tensor([5.0, 2.0, 7.0]), "v": torch.tensor(4)},
    ]
    average = uniform_average(states)
    assert average["w"].tolist() == [3.0, 5.0, 7.0]
    assert average["v"].item() == 4


def test_a_uniform_average_keeps_types_and_leaves_states_alone():
    states = [
        {"w": torch.tensor([1.0], dtype=torch.bfloat16), "n": torch.tensor(3)},
        {"w": torch.tensor([2.0], dtype=torch.bfloat16), "n": torch.tensor(5)},
    ]
    average = uniform_average(states)
    assert average["w"].dtype == torch.bfloat16
    assert average["w"].item() == 1.5
    assert average["n"].item() == 5
    average["n"].zero_()
    assert states[1]["n"].item() == 5


def test_an_average_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="no state to average"):
        uniform_average([])
    with pytest.raises(SchemaMismatch, match="has no 'w'"):
        uniform_average([{"w": torch.zeros(1)}, {}])


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 1))
def test_interpolation_goes_from_one_state_to_another(a, b, weight):
    start, end = scalar(a).state_dict(), scalar(b).state_dict()
    between = interpolate(start, end, weight)["weight"].item()
    assert between == pytest.approx((1 - weight) * a + weight * b, abs=1e-9)


def test_the_ends_of_an_interpolation_are_exact_and_new():
    start, end = nn.Linear(3, 3).state_dict(), nn.Linear(3, 3).state_dict()
    for weight, expected in ((0, start), (1, end)):
        between = interpolate(start, end, weight)
        assert all(torch.equal(between[name], expected[name]) for name in expected)
        between["weight"].zero_()
        assert not expected["weight"].eq(0).all()


def test_interpolation_has_the_type_of_the_later_state():
    start, end = {"w": torch.tensor(1.0)}, {"w": torch.tensor(2.0, dtype=torch.bfloat16)}
    assert interpolate(start, end, 0.5)["w"].dtype == torch.bfloat16


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_shares_lie_between_0_and_1(share):
    with pytest.raises(ConfigError, match="`decay` must be between 0 and 1"):
        moving_average_({}, scalar(0), share)
    with pytest.raises(ConfigError, match="`weight` must be between 0 and 1"):
        interpolate({}, {}, share)


def test_an_average_lies_where_the_parameters_do():
    average = {}
    moving_average_(average, nn.Linear(2, 2, device="meta"), 0.5)
    assert average["weight"].device.type == "meta"
