import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.methods.steps import linear, step
from tests.transaction.stream import CONFIG, plan, write_config
from vernal.base import ConfigError
from vernal.data import Chunk
from vernal.memory import Everything, Reservoir
from vernal.methods import BudgetedReplay, Network, Pool, Setting, Stage
from vernal.methods.budgeted import CALIBRATION_ROWS, balanced_places
from vernal.models import GrowingHead, grow_heads
from vernal.store import Store
from vernal.testing import toy_update
from vernal.transaction import load_model, update


def rows(values):
    return Chunk.from_arrays(torch.tensor(values).float()[:, None], torch.zeros(len(values), dtype=torch.int64)).rows


def pool(new, kept, labels, new_labels):
    """Rows in memory, `kept`, and a next memory that has given up the last of them for the first of the new ones."""
    following = rows([*kept[:-1], new[0]])
    return Pool(rows(new), rows(kept) if kept else [], following, torch.tensor(new_labels), torch.tensor(labels))


def values(rows):
    return rows.leaves(torch.arange(len(rows)))["x"].flatten().tolist()


def setting(model, batches=()):
    return Setting(Network(model), step().criterion, lambda: iter(batches))


def averaged(method, model, weights):
    """The model after steps that gave it these weights, one number for all of them."""
    method.enter(Stage("update"))
    method.start(model, lambda: model)
    for weight in weights:
        for parameter in model.parameters():
            parameter.data.fill_(weight)
        method.after_step(model)
    method.end(setting(model))
    return model


# The average


@pytest.mark.parametrize("average", [0.1, 0.25, 0.5, 1.0])
def test_weights_count_as_a_power_of_their_step(average):
    """Unrolled: weight t of T counts w_t = c_t prod_{s > t} (1 - c_s), with c_t = (eta + 1) / (t + eta)."""
    eta, trajectory = 1 / average - 1, np.random.default_rng(0).standard_normal(40)
    share = np.array([(eta + 1) / (t + eta) for t in range(1, 41)])
    counts = share * np.append(np.cumprod((1 - share)[::-1])[::-1][1:], 1)
    assert counts.sum() == pytest.approx(1)
    model = averaged(BudgetedReplay(average=average), nn.Linear(1, 1, dtype=torch.float64), trajectory)
    assert model.weight.item() == pytest.approx(counts @ trajectory, abs=1e-12)


def test_golden_averages():
    """Weights 1, 2, 4: a plain mean; with a half c = 1, 2/3, 1/2; and the last."""
    for average, expected in ((1.0, 7 / 3), (0.5, (5 / 3 + 4) / 2), (0.0, 4.0)):
        assert averaged(BudgetedReplay(average=average), nn.Linear(1, 1), [1.0, 2.0, 4.0]).weight.item() == (
            pytest.approx(expected)
        )


def test_a_small_share_is_about_the_last_steps():
    """Over a long way from 0 to 1, the mean of a power t^3 has its centre at 4/5."""
    model = averaged(BudgetedReplay(average=0.25), nn.Linear(1, 1, dtype=torch.float64), np.linspace(0, 1, 4001))
    assert model.weight.item() == pytest.approx(0.8, abs=1e-3)


def test_the_average_of_half_precision_weights_is_not_rounded_away():
    model = averaged(BudgetedReplay(average=1.0), nn.Linear(1, 1).bfloat16(), [1.0] * 999 + [513.0])
    assert model.weight.item() == pytest.approx(1.512, rel=4e-3)


def test_a_head_that_has_grown_since_an_interruption_is_averaged():
    method, model = BudgetedReplay(), nn.Sequential(GrowingHead(2, 1))
    method.start(model, lambda: model)
    method.after_step(model)
    state = copy.deepcopy(method.state_dict())
    grow_heads(model, 3)
    resumed = BudgetedReplay()
    resumed.start(model, lambda: model)
    resumed.load_state_dict(state)
    expected = copy.deepcopy(model.state_dict())
    resumed.after_step(model)
    resumed.end(setting(model))
    torch.testing.assert_close(model.state_dict(), expected)


def test_batch_norm_gets_the_statistics_that_fit_the_averaged_weights():
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    method = BudgetedReplay(average=1.0)
    method.rows(pool([1.0, 2.0], [3.0], [0], [0, 0]))
    method.start(model, lambda: model)
    for weight in (1.0, 3.0):
        model[0].weight.data.fill_(weight)
        method.after_step(model)
    x = torch.tensor([[1.0], [3.0]])
    method.end(setting(model, [(x, None), (x, None)]))
    assert model[1].running_mean.item() == pytest.approx(4)  # the mean of twice x
    assert not model.training or model[1].momentum == 0.1


def test_recalibrating_costs_the_same_however_many_rows_there_are():
    method, asked = BudgetedReplay(), []
    method._rows = 10 * CALIBRATION_ROWS
    batches = [(torch.ones(1, 1) * i, None) for i in range(100)]
    asked = [x.item() for x in method._calibration(setting(linear(), batches))]
    assert asked == [*range(0, 100, 10)]


@pytest.mark.parametrize("precision", ["32-true", "bf16-true", "bf16-mixed", "64-true"])
def test_a_model_with_batch_norm_is_averaged_in_any_precision(precision, tmp_path):
    config = write_config(tmp_path, CONFIG.replace("nn.ReLU()", "nn.BatchNorm1d(width), nn.ReLU()"))
    for number in (1, 2):
        result = update(plan(config, number, BudgetedReplay(), budget="9st", precision=precision), tmp_path / "store")
    model = load_model(tmp_path / "store", config, result.id)
    assert model[1].num_batches_tracked == 1  # 80 rows: one batch of an evaluation
    assert model[1].running_mean.isfinite().all()


# Where it starts


def test_it_goes_on_from_the_champion():
    champion = linear()
    assert BudgetedReplay().start(champion, linear) is champion


def test_the_champion_is_shrunk_and_perturbed_but_not_in_a_first_update():
    method, champion, fresh = BudgetedReplay(shrink=0.5, perturb=0.1), linear(), nn.Linear(2, 3)
    before = champion.weight.clone()
    first, later = (method.stages(is_first)[0] for is_first in (True, False))
    method.enter(first)
    assert torch.equal(method.start(champion, lambda: fresh).weight, before)
    method.enter(later)
    torch.testing.assert_close(method.start(champion, lambda: fresh).weight, 0.5 * before + 0.1 * fresh.weight)


# What it trains on


def test_an_epoch_has_all_new_rows_and_all_that_is_kept_of_earlier_chunks():
    assert values(BudgetedReplay().rows(pool([7.0, 8.0], [1.0, 2.0], [0, 0], [0, 0]))) == [1, 2, 7, 8]


def test_a_first_epoch_has_the_new_rows():
    assert values(BudgetedReplay().rows(pool([7.0, 8.0], [], [], [0, 0]))) == [7, 8]


def test_a_balanced_epoch_counts_earlier_and_new_rows_together():
    method = BudgetedReplay(sampling="balanced")
    assert values(method.rows(pool([7.0, 8.0], [1.0, 2.0], [0, 1], [1, 1]))) == [1, 1, 1, 2, 7, 8]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
def test_a_balanced_epoch_has_as_many_rows_of_each_class_and_those_of_the_largest_once(labels):
    labels = torch.tensor(labels)
    times = torch.bincount(balanced_places(labels), minlength=len(labels))
    _, sizes = labels.unique(return_counts=True)
    for label, size in zip(*labels.unique(return_counts=True), strict=True):
        own = times[labels == label]
        assert own.sum() == sizes.max()
        assert own.min() == sizes.max() // size
        assert own.max() - own.min() <= 1


def test_all_rows_are_kept_or_a_uniform_sample():
    assert BudgetedReplay().policy() == Everything()
    assert BudgetedReplay(memory_size=7).policy() == Reservoir(7)


@pytest.mark.parametrize("sampling", ["uniform", "balanced"])
def test_with_a_budget_in_steps_every_update_costs_the_same(sampling, tmp_path):
    method = BudgetedReplay(sampling=sampling)
    costs = [toy_update(tmp_path, method, chunk, rows=64, budget="8st").record["training"] for chunk in (1, 2, 3)]
    assert [(cost["steps"], cost["samples"], cost["replayed"]) for cost in costs] == [(8, 128, 0)] * 3


def test_nothing_but_rows_is_kept_between_updates(tmp_path):
    record = toy_update(tmp_path, BudgetedReplay()).record
    assert Store(tmp_path).blobs.get(record["artefacts"]["method"]["blob"])
    method = BudgetedReplay()
    averaged(method, linear(), [1.0, 2.0])
    assert method.state_dict() == {"average": {}, "steps": 0}


def test_few_rows_that_are_kept_are_enough_not_to_forget(tmp_path):
    method = BudgetedReplay(memory_size=60, sampling="balanced")
    results = [toy_update(tmp_path, method, chunk, rows=100, budget="6000sa") for chunk in (1, 2, 3)]
    assert results[-1].summary["average_accuracy"] > 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"memory_size": 0}, "`memory_size` must be at least 1, got 0. Use `fine_tune`"),
        ({"average": 1.5}, "`average` must be between 0 and 1"),
        ({"shrink": 0}, "`shrink` must be between 0.01 and 1"),
        ({"perturb": -0.1}, "`perturb` must be at least 0"),
    ],
)
def test_a_number_out_of_range_is_an_error(options, message):
    with pytest.raises(ConfigError, match=message):
        BudgetedReplay(**options)
