import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, load_file
from torch import nn

from vernal.base import CorruptState, SchemaTooNew, StateError
from vernal.state import pack, unpack

TENSORS = st.sampled_from([
    torch.arange(6).view(2, 3), torch.tensor(2.5), torch.zeros(0, 3), torch.tensor([True, False]),
    torch.ones(3, dtype=torch.bfloat16), torch.arange(12.0).view(3, 4).t(), torch.arange(10)[3:5],
])  # fmt: skip
ARRAYS = st.sampled_from([np.arange(3), np.float32(0.5), np.zeros((0, 2), np.float32), np.array(7, np.int32)])
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(), st.text(max_size=8))
KEYS = st.one_of(st.text(max_size=6), st.sampled_from(["$tensor", "$float", "", "a.b", "a"]))
TREES = st.recursive(
    st.one_of(PLAIN, TENSORS, ARRAYS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3),
        st.dictionaries(st.one_of(st.integers(-9, 9), KEYS), inner, max_size=3),
    ),
    max_leaves=10,
)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray | np.generic):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, dict):
        return isinstance(b, dict) and [*a] == [*b] and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


@given(tree=TREES)
def test_a_tree_comes_back(tree):
    assert same(tree, unpack(pack(tree)))


@given(tree=TREES)
def test_the_same_tree_gives_the_same_bytes(tree):
    assert pack(tree) == pack(tree)
    assert pack(unpack(pack(tree))) == pack(tree)


def test_a_state_dict_is_read_by_the_safetensors_library(tmp_path):
    state = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).state_dict()
    (tmp_path / "model.safetensors").write_bytes(pack(state))
    found = load_file(tmp_path / "model.safetensors")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_the_state_of_an_optimiser_survives():
    model = nn.Linear(2, 3)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.8, 0.99))
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    again = torch.optim.AdamW(model.parameters())
    again.load_state_dict(unpack(pack(optimizer.state_dict())))
    assert same(again.state_dict(), optimizer.state_dict())


def test_tied_weights_are_written_once():
    weight = torch.randn(100, 100)
    assert len(pack({"a": weight, "b": weight})) < 1.1 * weight.nbytes
    found = unpack(pack({"a": weight, "b": weight}))
    assert torch.equal(found["a"], weight)
    assert torch.equal(found["b"], weight)


def test_a_view_is_written_without_what_lies_behind_it():
    assert len(pack({"row": torch.randn(2000, 100)[1]})) < 1000


def test_paths_that_look_alike_are_kept_apart():
    tree = {"a.b": torch.zeros(1), "a": {"b": torch.ones(1)}, "a.b'": torch.full((1,), 2.0)}
    assert same(tree, unpack(pack(tree)))


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, np.float64(math.inf), np.float64(math.nan)])
def test_numbers_that_json_has_no_word_for_survive(number):
    assert same([float(number)], unpack(pack([number])))


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"a": [1, {2, 3}]}, "The state holds a set at 'a.1'. State is made of tensors"),
        (object(), "The state holds a object at 'its root'"),
        ({"a": {(1, 2): 3}}, "The state holds a dict at 'a'"),
        ({"when": np.datetime64("2026-01-01")}, "The state holds a datetime64 at 'when'"),
    ],
)
def test_what_is_no_state_is_named_with_its_path(tree, text):
    with pytest.raises(StateError, match=text):
        pack(tree)


def test_damage_is_noticed():
    data = pack({"w": torch.ones(4), "n": 3})
    for broken in (b"", data[:20], data[:-1], b"\xff" * 8 + data[8:], data.replace(b'"vernal"', b'"somewh"')):
        with pytest.raises(CorruptState, match="This is not a state that vernal wrote"):
            unpack(broken)


def test_other_safetensors_files_are_no_state():
    from safetensors.torch import save

    with pytest.raises(CorruptState, match="not a state that vernal wrote"):
        unpack(save({"w": torch.ones(2)}))


def test_a_later_schema_is_refused():
    data = pack({"n": 3})
    newer = data.replace(rb"{\"schema_version\": 1", rb"{\"schema_version\": 9")
    assert newer != data
    with pytest.raises(SchemaTooNew, match="schema version 9; this vernal reads up to 1"):
        unpack(newer)


def test_nothing_but_json_and_tensors_is_inside():
    data = pack({"w": torch.ones(2), "betas": (0.9, 0.99)})
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert json.loads(header["__metadata__"]["vernal"])["tree"]["betas"] == {"$tuple": [0.9, 0.99]}
    assert load(data)["w"].tolist() == [1, 1]
