import random
from collections import UserDict

import numpy as np
import pytest
import torch
import torch.multiprocessing
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Subset, TensorDataset

from tests.data.datasets import Augmented, Listed
from tests.training.jobs import CPU
from vernal.base import ConfigError, DataError
from vernal.data import Chunk, Joined, Picked, rows_of
from vernal.training import EpochFeed, Feed, Transforms
from vernal.training.feed import share, to_device

N = 20
X, Y = torch.arange(2.0 * N).view(N, 2), torch.arange(N)


def feed(rows, transforms=None, seed=3):
    return Feed(rows, transforms or Transforms(), CPU, seed)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a == b


def unchanged(value):
    return value


STRUCTURES = {
    "tensor": (X, Y),
    "tuple": ((X, Y), Y.float()),
    "list": ([X, Y], Y.bool()),
    "dict": ({"a": X, "b": {"c": Y}}, (Y, X)),
    "uint8": (X.byte(), Y.to(torch.int32)),
    "half": (X.half(), X.double()),
}


@pytest.mark.parametrize("structure", STRUCTURES)
@given(places=st.lists(st.integers(0, N - 1), min_size=1, max_size=8))
def test_whole_columns_and_single_rows_make_the_same_batch(structure, places):
    chunk, places = Chunk.from_arrays(*STRUCTURES[structure]), torch.tensor(places)
    whole = feed(chunk.rows).batch(places, 0)
    assert same(feed(chunk.rows, Transforms(x=unchanged)).batch(places, 0), whole)
    assert same(feed(rows_of([chunk[i] for i in range(N)])).batch(places, 0), whole)
    assert same(feed(Picked(rows_of(Listed([chunk[i] for i in range(N)])), torch.arange(N))).batch(places, 0), whole)


def test_plain_python_values_make_tensors_that_models_want():
    rows = rows_of([({"age": i / 2, "n": i, "text": "abc"}, i / 4) for i in range(4)])
    batch = feed(rows).batch(torch.tensor([1, 2]), 0)
    assert batch["x"]["age"].dtype == torch.float32
    assert batch["x"]["n"].dtype == torch.int64
    assert batch["x"]["text"] == ["abc", "abc"]
    assert batch["y"].dtype == torch.float32
    assert feed(rows_of([(i, i) for i in range(4)])).batch(torch.tensor([1, 2]), 0)["y"].tolist() == [1, 2]


def test_transforms_apply_to_single_rows_on_reading():
    batch = feed(Chunk.from_arrays(X, Y).rows, Transforms(x=lambda x: 2 * x, y=lambda y: y // 5)).batch(torch.arange(N))
    assert torch.equal(batch["x"], 2 * X)
    assert torch.equal(batch["y"], Y // 5)


def test_targets_that_a_transform_makes_decimal_are_float32():
    batch = feed(Chunk.from_arrays(X, Y).rows, Transforms(y=lambda y: y.item() / 2)).batch(torch.arange(3))
    assert batch["y"].dtype == torch.float32


def test_rows_of_many_lengths_need_a_collate_function():
    rows = rows_of([(torch.arange(i + 1), i) for i in range(5)], ["x"])
    with pytest.raises(
        DataError, match=r"These rows do not make a batch .*x: int64\(\*\).* give the data module a `coll"
    ):
        feed(rows).batch(torch.arange(3))

    def pad(pairs):
        return torch.nn.utils.rnn.pad_sequence([x for x, _ in pairs], True), torch.tensor([y for _, y in pairs])

    assert feed(rows, Transforms(collate=pad)).batch(torch.tensor([0, 2]))["x"].tolist() == [[0, 0, 0], [0, 1, 2]]


def noisy(x):
    return x + torch.rand(()) + np.random.rand() + random.random()


@pytest.mark.parametrize("kind", ["transform", "dataset", "part of a dataset", "joined"])
def test_randomness_belongs_to_the_batch_so_any_process_can_make_it_again(kind):
    augmented = rows_of(Augmented(N))
    source = {
        "transform": feed(Chunk.from_arrays(X, Y).rows, Transforms(x=noisy)),
        "dataset": feed(augmented),
        "part of a dataset": feed(rows_of(Subset(Augmented(2 * N), range(N)))),
        "joined": feed(Joined(Picked(augmented, torch.arange(3)), augmented)),
    }[kind]
    first = source.batch(torch.arange(3), 1, 2)["x"]
    before = torch.get_rng_state()
    torch.rand(5), np.random.rand(5), random.random()
    assert torch.equal(source.batch(torch.arange(3), 1, 2)["x"], first)
    assert not torch.equal(source.batch(torch.arange(3), 1, 3)["x"], first)
    torch.set_rng_state(before)
    source.batch(torch.arange(3), 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_every_row_comes_once_an_epoch_in_another_order_each_time():
    epochs = EpochFeed(feed(rows_of(TensorDataset(X, Y))), 8, seed=0)
    assert (epochs.batches, epochs.rows) == (3, N)
    orders = [[b["y"].tolist() for b in epochs.epoch(number)] for number in (0, 1, 0)]
    assert [len(batch) for batch in orders[0]] == [8, 8, 4]
    assert all(sorted(sum(order, [])) == [*range(N)] for order in orders)
    assert orders[0] == orders[2] != orders[1]


@given(skip=st.integers(0, 3))
def test_an_epoch_can_be_entered_in_the_middle(skip):
    epochs = EpochFeed(feed(rows_of(TensorDataset(X, Y)), Transforms(x=noisy)), 8, seed=0)
    whole = [*epochs.epoch(2)]
    assert all(map(same, epochs.epoch(2, skip=skip), whole[skip:]))


@pytest.mark.parametrize("rows", ["tensors", "dataset"])
def test_workers_make_the_same_batches(rows):
    source = rows_of(TensorDataset(X, Y)) if rows == "tensors" else rows_of(Subset(Augmented(N), range(N)))
    transforms = Transforms(x=noisy) if rows == "tensors" else Transforms()
    alone, helped = (EpochFeed(feed(source, transforms), 6, seed=0, workers=workers) for workers in (0, 2))
    for number, skip in ((0, 0), (1, 2)):
        expected = [*alone.epoch(number, skip)]
        found = [*helped.epoch(number, skip)]
        assert len(found) == len(expected) == 4 - skip
        assert all(map(same, found, expected))


def test_workers_take_nothing_from_the_random_stream_of_dropout():
    epochs = EpochFeed(feed(rows_of(TensorDataset(X, Y))), 6, seed=0, workers=1)
    before = torch.get_rng_state()
    assert [len([*epochs.epoch(number)]) for number in (0, 1)] == [4, 4]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.fixture
def forkserver():
    before = torch.multiprocessing.get_start_method()
    torch.multiprocessing.set_start_method("forkserver", force=True)
    yield
    torch.multiprocessing.set_start_method(before, force=True)


@pytest.mark.usefixtures("forkserver")
def test_workers_know_functions_without_a_name_however_processes_start():
    rows, double = Chunk.from_arrays(X, Y).rows, Transforms(x=lambda x: 2 * x)
    alone, helped = (EpochFeed(feed(rows, double), 6, seed=0, workers=workers) for workers in (0, 1))
    assert all(map(same, helped.epoch(0), alone.epoch(0)))


def test_workers_are_refused_where_no_process_can_fork(monkeypatch):
    monkeypatch.setattr(torch.multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    with pytest.raises(ConfigError, match=r"cannot fork.* Set `workers` to 0\."):
        EpochFeed(feed(Chunk.from_arrays(X, Y).rows), 6, seed=0, workers=1)


@given(rows=st.integers(1, 20), size=st.integers(1, 20), ranks=st.integers(1, 5))
def test_the_weighted_mean_over_processes_is_the_mean_over_rows(rows, size, ranks):
    source = feed(Chunk.from_arrays(X[:rows], Y[:rows].double()).rows)
    alone = EpochFeed(source, size, seed=0)
    shared = [EpochFeed(source, size, seed=0, rank=rank, ranks=ranks) for rank in range(ranks)]
    for number, (batch, *parts) in enumerate(zip(alone.epoch(0), *(part.epoch(0) for part in shared), strict=True)):
        means = [part["y"].mean() * shared[rank].weight(number) for rank, part in enumerate(parts)]
        assert torch.isclose(torch.stack(means).mean(), batch["y"].mean())
        assert alone.weight(number) == 1


@given(rows=st.integers(1, 20), ranks=st.integers(1, 5))
def test_processes_share_a_batch_and_none_is_left_without(rows, ranks):
    places = torch.arange(rows)
    shares = [share(places, rank, ranks) for rank in range(ranks)]
    assert all(len(part) for part in shares)
    assert set(torch.cat(shares).tolist()) == set(range(rows))
    if rows >= ranks:
        assert sum(map(len, shares)) == rows


def test_a_batch_on_the_cpu_is_left_where_it_is():
    batch = {"x": (torch.zeros(2), "text")}
    assert to_device(batch, CPU) is batch


class Encoded(UserDict):
    """As tokenisers give it: no dictionary, and it knows how to move."""

    def to(self, device):
        return Encoded({name: tensor.to(device) for name, tensor in self.items()})


@pytest.mark.parametrize("kind", [dict, UserDict, Encoded])
def test_a_batch_goes_to_the_device_whatever_mapping_it_is(kind):
    moved = to_device({"x": kind({"ids": torch.zeros(2)}), "y": (torch.ones(2), "text")}, torch.device("meta"))
    assert isinstance(moved["x"], kind)
    assert (moved["x"]["ids"].device.type, moved["y"][0].device.type, moved["y"][1]) == ("meta", "meta", "text")


def test_all_rows_can_be_walked_through_in_order():
    batches = [*feed(rows_of(TensorDataset(X, Y))).in_order(8)]
    assert torch.cat([batch["y"] for batch in batches]).tolist() == [*range(N)]


@pytest.mark.parametrize(
    ("rows", "size", "sizes"),
    [(17, 16, [17]), (18, 16, [16, 2]), (33, 16, [16, 17]), (16, 16, [16]), (1, 16, [1]), (3, 1, [1, 1, 1])],
)
def test_a_single_row_left_over_goes_into_the_batch_before_it(rows, size, sizes):
    epoch = EpochFeed(feed(Chunk.from_arrays(torch.arange(float(rows))[:, None], torch.zeros(rows)).rows), size, seed=0)
    batches = [batch["x"].flatten().tolist() for batch in epoch.epoch(0)]
    assert [len(batch) for batch in batches] == sizes
    assert epoch.batches == len(sizes)
    assert sorted(sum(batches, [])) == [float(i) for i in range(rows)]
    assert [len(batch["x"]) for batch in epoch.epoch(0, skip=1)] == sizes[1:]
