"""What NCM, SLDA, FeCAM and RanPAC have in common."""

import copy
import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.methods.frozen import CLASSES, assert_alike, learn, network, rows, scores
from vernal.base import ConfigError, DataError, SchemaMismatch
from vernal.config import Plan
from vernal.methods import NCM, SLDA, FeCAM, RanPAC
from vernal.methods.closed_form import OnFeatures
from vernal.models import MultiHead
from vernal.state import pack, unpack
from vernal.store import Store
from vernal.testing import InterruptAfter, toy_config, toy_setting, toy_update
from vernal.transaction import update

KINDS = {
    "cosine": NCM,
    "euclidean": lambda **options: NCM("euclidean", **options),
    "slda": SLDA,
    "fecam": FeCAM,
    "ranpac": lambda **options: RanPAC(projections=40, **options),
}
every_closed_form = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)

FROZEN_AND_GROWING = """
from torch import nn
from vernal.models import GrowingHead
from vernal.testing.toy_config import data_module_fn

def model_fn():
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), GrowingHead(16)).requires_grad_(False)
"""

X, Y = rows()
NEW, _ = rows(seed=1)


@every_closed_form
def test_two_chunks_are_one(make):
    whole = learn(make(), X, Y)
    chunked = learn(learn(make(), X[:25], Y[:25]), X[25:], Y[25:])
    assert_alike(scores(chunked, NEW), scores(whole, NEW))


@every_closed_form
def test_neither_the_order_of_chunks_nor_the_size_of_batches_matters(make):
    whole = learn(make(), X, Y)
    turned = make()
    for c in (2, 0, 1):
        learn(turned, X[c == Y], Y[c == Y], batch=7)
    assert_alike(scores(turned, NEW), scores(whole, NEW))


@every_closed_form
def test_classes_come_back(make):
    early, late = torch.arange(60) < 30, torch.arange(60) >= 30
    returned = make()
    for rows_of in (early & (Y == 0), early & (Y > 0), late & (Y != 1), late & (Y == 1)):
        learn(returned, X[rows_of], Y[rows_of])
    assert_alike(scores(returned, NEW), scores(learn(make(), X, Y), NEW))


@every_closed_form
def test_it_is_better_than_the_network_alone(make):
    x, y = rows(300, (0, 1, 2, 3), seed=2)
    predicted = scores(learn(make(), *rows(300, (0, 1, 2, 3))), x).argmax(1)
    assert (predicted == y).float().mean() > 0.85 > (network()(x).argmax(1) == y).float().mean()


@every_closed_form
def test_classes_without_rows_have_no_chance(make):
    given = scores(learn(make(), *rows(classes=(0, 2))), NEW)
    assert given.shape == (60, CLASSES)
    assert (given[:, [1, 3]] == -torch.inf).all()
    assert torch.isfinite(given[:, [0, 2]]).all()


@every_closed_form
def test_classes_that_the_network_has_no_output_for_are_scored(make):
    model = network(outputs=2)
    assert scores(learn(make(), X, Y, model), NEW, model).shape == (60, 3)


@every_closed_form
def test_without_rows_the_model_predicts(make):
    model = network()
    assert make().predictor(model) is model


@every_closed_form
def test_one_row_is_enough(make):
    x, y = rows(1, classes=(1,))
    assert scores(learn(make(), x, y), NEW).argmax(1).eq(1).all()


@every_closed_form
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_networks_of_any_precision_are_served(make, dtype):
    model = network().to(dtype)
    given = scores(learn(make(), X.to(dtype), Y, model), NEW.to(dtype), model)
    assert given.dtype == torch.promote_types(dtype, torch.float32)
    assert (given.argmax(1) == scores(learn(make(), X, Y), NEW).argmax(1)).float().mean() > 0.9


@every_closed_form
def test_scores_are_not_rounded_in_mixed_precision(make):
    predictor = learn(make(), X, Y).predictor(network())
    with torch.no_grad():
        with torch.autocast("cpu", torch.bfloat16):
            given, features = predictor(NEW), network()[:2](NEW)
        assert features.dtype == torch.bfloat16
        assert torch.equal(given[:, :3], predictor.scorer(features.float()))


@every_closed_form
def test_gradients_flow_to_the_network_but_statistics_take_none(make):
    model = network()
    method = learn(make(), X, Y, model)
    predictor = method.predictor(model)
    F.cross_entropy(predictor(X)[:, :3], Y).backward()
    assert model[0].weight.grad is not None
    assert not any(buffer.requires_grad for buffer in predictor.scorer.buffers())


@every_closed_form
def test_a_removed_row_was_never_there(make):
    method = learn(make(), X, Y)
    h = network()[:2](X[50:]).detach()
    if isinstance(method, RanPAC):
        method.statistics.remove(method.transform(h), F.one_hot(Y[50:]))
        method.solve()
    else:
        method.statistics.remove(method.transform(h) if isinstance(method, FeCAM) else h, Y[50:])
    assert_alike(scores(method, NEW), scores(learn(make(), X[:50], Y[:50]), NEW))


@every_closed_form
def test_the_state_is_plain_and_goes_on(make):
    whole = learn(make(), X[:30], Y[:30])
    resumed = make()
    resumed.load_state_dict(unpack(pack(whole.state_dict())))
    assert pack(resumed.state_dict()) == pack(whole.state_dict())
    for method in (whole, resumed):
        learn(method, X[30:], Y[30:])
    assert pack(resumed.state_dict()) == pack(whole.state_dict())


@every_closed_form
def test_a_state_without_rows_is_one(make):
    method = make()
    method.load_state_dict(unpack(pack(make().state_dict())))
    assert_alike(scores(learn(method, X, Y), NEW), scores(learn(make(), X, Y), NEW))


@every_closed_form
def test_predicting_changes_nothing(make):
    method, model = learn(make(), X, Y), network()
    before = pack(method.state_dict()), pack(model.state_dict())
    first = scores(method, NEW, model)
    assert torch.equal(scores(method, NEW, model), first)
    assert (pack(method.state_dict()), pack(model.state_dict())) == before


@every_closed_form
def test_copies_are_independent(make):
    method = learn(make(), X[:30], Y[:30])
    before = pack(method.state_dict())
    learn(copy.deepcopy(method), X[30:], Y[30:])
    assert pack(method.state_dict()) == before


@every_closed_form
def test_another_classifier_is_another_feature(make):
    model = network()
    first = learn(make(head="2"), X, Y, model)
    assert_alike(scores(first, NEW, model), scores(learn(make(), X, Y), NEW))
    with pytest.raises(ConfigError, match=r"`head` is '0', but all rows so far were counted with '2'.*new lineage"):
        make(head="0").load_state_dict(first.state_dict())
    with pytest.raises(ConfigError, match="has no module 'fc'"):
        learn(make(head="fc"), X, Y)


@every_closed_form
def test_another_size_of_features_is_refused(make):
    other = nn.Sequential(nn.Linear(3, 6), nn.Linear(6, CLASSES)).eval()
    method = learn(make(), X, Y)
    with pytest.raises(SchemaMismatch, match="of features of size 5, and these have 6"):
        learn(method, X, Y, other)


@every_closed_form
def test_features_that_are_not_finite_are_refused(make):
    with pytest.raises(DataError, match="features of 1 of 16 rows are not finite"):
        learn(make(), torch.cat([X[:15], X[:1] * torch.inf]), Y[:16])


# Whole updates


@every_closed_form
def test_no_step_is_taken_and_the_network_stays(make, tmp_path):
    results = [toy_update(tmp_path, make(), chunk) for chunk in (1, 2, 3)]
    assert [result.record["training"]["steps"] for result in results] == [0, 0, 0]
    assert len({result.record["artefacts"]["model"]["blob"] for result in results}) == 1
    assert results[-1].summary["forgetting"] == 0
    assert results[-1].summary["average_accuracy"] > 0.9


@every_closed_form
def test_the_first_update_may_adapt_the_network(make, tmp_path):
    results = [toy_update(tmp_path, make(adapt=True), chunk) for chunk in (1, 2)]
    assert results[0].record["training"]["steps"] > 0
    assert results[1].record["training"]["steps"] == 0
    blobs = Store(tmp_path).blobs
    first, second = (unpack(blobs.get(result.record["artefacts"]["model"]["blob"])) for result in results)
    assert all(torch.equal(first[name], second[name]) for name in first)
    with torch.random.fork_rng():
        assert not all(torch.equal(first[name], w) for name, w in toy_config.model_fn().state_dict().items())


@every_closed_form
def test_adapting_goes_on_after_an_interruption(make, tmp_path):
    whole = toy_update(tmp_path / "whole", make(adapt=True), 1)
    last = whole.record["training"]["steps"]
    for step in (1, last):
        store = tmp_path / str(step)
        with pytest.raises(KeyboardInterrupt):
            toy_update(store, make(adapt=True), 1, InterruptAfter(step), checkpoint_minutes=0)
        resumed = toy_update(store, make(adapt=True), 1)
        assert [resumed.record["artefacts"][name] for name in ("model", "method")] == [
            whole.record["artefacts"][name] for name in ("model", "method")
        ]


@every_closed_form
def test_a_network_without_gradients_whose_head_grows_is_served(make, tmp_path):
    config = tmp_path / "config.py"
    config.write_text(FROZEN_AND_GROWING)
    for chunk in (1, 2, 3):
        result = update(Plan(config, make(), {"chunk": chunk}), tmp_path / "store")
    assert result.summary["average_accuracy"] > 0.9
    assert result.summary["forgetting"] == 0


@pytest.mark.parametrize("method", [NCM(), SLDA(), FeCAM()])
def test_numbers_are_refused_by_classifiers(method, tmp_path):
    with pytest.raises(ConfigError, match="serves classification, and this is a regression.*ranpac"):
        toy_update(tmp_path, method, 1, task="regression")


@every_closed_form
def test_hyperparameters_are_all_that_compares(make):
    assert learn(make(), X, Y) == make()
    assert dataclasses.replace(make(), head="2") != make()


def test_an_output_that_is_no_tensor_is_told():
    class Odd(nn.Sequential):
        def forward(self, x):
            return {"scores": super().forward(x)}

    model = Odd(*network())
    with pytest.raises(Exception, match="The model gives a dict"):
        OnFeatures(model, None, nn.Identity())(X)


@every_closed_form
def test_a_head_for_every_task_is_refused(make):
    model = nn.Sequential(nn.Linear(3, 5), MultiHead(5))
    with pytest.raises(ConfigError, match="a head for every task, and this method knows every class by its label"):
        make().begin(toy_setting(model, X, Y))
