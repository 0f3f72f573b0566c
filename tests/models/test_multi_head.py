from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError, DataError
from vernal.models import MultiHead

HEADS = st.dictionaries(st.integers(0, 12), st.integers(1, 4), max_size=5)


def grown(sizes, bias=True):
    head = MultiHead(3, bias)
    for task, classes in sizes.items():
        head.grow(task, classes)
    return head


@given(HEADS.filter(bool), st.data())
def test_each_row_is_scored_by_the_head_of_its_task(sizes, data):
    head = grown(sizes)
    tasks = data.draw(st.lists(st.sampled_from(sorted(sizes)), max_size=6))
    features = torch.randn(len(tasks), 3)
    scores = head(features, torch.tensor(tasks, dtype=torch.int64))
    assert scores.shape == (len(tasks), max(sizes.values()))
    for row, task in enumerate(tasks):
        own = head.heads[str(task)](features[row])
        torch.testing.assert_close(scores[row, : len(own)], own)
        assert scores[row, len(own) :].eq(-torch.inf).all()


@given(HEADS.filter(bool), HEADS)
def test_a_state_brings_its_heads_and_only_those(stored, sizes):
    source, head = grown(stored), grown(sizes)
    head.load_state_dict(source.state_dict())
    assert head.task_ids == sorted(stored)
    assert head.sizes == stored
    assert all(torch.equal(a, b) for a, b in zip(head.parameters(), source.parameters(), strict=True))


def test_a_state_in_any_order_gives_parameters_in_one_order():
    state = grown({10: 2, 2: 3}).state_dict()
    head = MultiHead(3)
    head.load_state_dict(dict(sorted(state.items())))
    assert [name for name, _ in head.named_parameters()] == [*state]
    assert [*state][0] == "heads.2.weight"


def test_heads_that_stay_keep_their_parameters_when_another_comes():
    head = grown({3: 2})
    weight = head.heads["3"].weight
    head.grow(1, 2)
    assert head.heads["3"].weight is weight


def test_only_the_heads_that_were_used_learn():
    head = grown({0: 1, 1: 3})
    scores = head(torch.ones(2, 3), torch.tensor([0, 0]))
    scores[:, 0].sum().backward()
    assert head.heads["0"].weight.grad.tolist() == [[2.0, 2.0, 2.0]]
    assert head.heads["1"].weight.grad is None


def test_cross_entropy_over_missing_classes_is_finite_and_so_are_its_gradients():
    head = grown({0: 2, 1: 5})
    loss = torch.nn.functional.cross_entropy(head(torch.ones(2, 3), torch.tensor([0, 1])), torch.tensor([1, 4]))
    loss.backward()
    assert all(p.grad.isfinite().all() for p in head.parameters())


def test_growing_says_whether_anything_grew():
    head = MultiHead(3)
    assert [head.grow(4, n) for n in (0, 2, 2, 1, 3)] == [False, True, False, False, True]
    assert head.sizes == {4: 3}


def test_a_first_head_comes_where_the_module_was_moved():
    head = MultiHead(3).to(torch.float64).eval()
    head.grow(0, 2)
    assert head.heads["0"].weight.dtype == torch.float64
    assert not head.heads["0"].training
    meta = MultiHead(3).to("meta")
    meta.grow(0, 2)
    assert meta.heads["0"].weight.device.type == "meta"


def test_bias_is_as_asked():
    assert [*grown({0: 2}, bias=False).state_dict()] == ["heads.0.weight"]


def test_task_ids_may_be_of_any_whole_type():
    assert grown({1: 2})(torch.ones(1, 3), torch.tensor([1], dtype=torch.uint8)).shape == (1, 2)


def test_mixed_precision_gives_what_a_linear_layer_gives():
    head = grown({0: 2, 1: 3})
    with torch.autocast("cpu", torch.bfloat16):
        assert head(torch.ones(2, 3), torch.tensor([0, 1])).dtype == torch.bfloat16


def test_a_copy_grows_by_itself():
    head = grown({0: 2})
    copy.deepcopy(head).grow(1, 2)
    assert head.task_ids == [0]


def test_an_unknown_task_is_named_with_those_known():
    with pytest.raises(DataError, match=r"no head for task 7. Tasks with a head: 0, 2. Grow one first: `head.grow\(7"):
        grown({0: 2, 2: 2})(torch.ones(1, 3), torch.tensor([7]))
    with pytest.raises(DataError, match="Tasks with a head: none"):
        MultiHead(3)(torch.ones(1, 3), torch.tensor([0]))


def test_tasks_and_classes_are_whole_numbers():
    with pytest.raises(ConfigError, match="`task_id` must be at least 0, got -1"):
        MultiHead(3).grow(-1, 2)
    with pytest.raises(ConfigError, match="`classes` must be at least 0, got -2"):
        MultiHead(3).grow(1, -2)


def test_a_state_of_something_else_is_refused_as_torch_does():
    with pytest.raises(RuntimeError, match="Unexpected key"):
        MultiHead(3).load_state_dict({"heads.first.weight": torch.zeros(1, 3)})
