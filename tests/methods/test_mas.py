import dataclasses

import pytest
import torch
from torch import nn

from tests.methods.steps import gradient, linear, step
from tests.methods.training import fine_tuned, mean_accuracy, train, whole_gradient
from tests.reference import mas
from tests.reference.tensors import X_OLD, X_OTHER, Y_OLD, Y_OTHER
from vernal.base import ConfigError, SchemaMismatch
from vernal.methods import MAS, FineTune
from vernal.models import GrowingHead
from vernal.tasks import Heteroscedastic
from vernal.testing import toy_setting, toy_update

IMPORTANCE = [4.2750, 2.1750, 3.3125, 1.7625, 3.4875, 1.7875, 2.2500, 1.9750, 1.8750]


def importance(method):
    return torch.cat([tensor.flatten() for tensor in method.state_dict()["importance"].values()])


def after(*batches, **options):
    method = MAS(**options)
    for batch in batches:
        setting = toy_setting(linear(), *batch)
        method.begin(setting)
        method.end(setting)
    return method


def test_the_importance_is_that_of_the_paper():
    found = importance(after((X_OLD, Y_OLD)))
    assert torch.allclose(found, mas.importance(X_OLD), atol=1e-5)
    assert torch.allclose(found, torch.tensor(IMPORTANCE), atol=1e-4)


def test_the_importance_is_the_mean_over_updates():
    found = importance(after((X_OLD, Y_OLD), (X_OTHER, Y_OTHER), (X_OTHER, Y_OTHER)))
    assert torch.allclose(found, (mas.importance(X_OLD) + 2 * mas.importance(X_OTHER)) / 3, atol=1e-5)


def test_labels_do_not_matter():
    assert torch.equal(importance(after((X_OLD, Y_OLD))), importance(after((X_OLD, 2 - Y_OLD))))


def test_the_pull_is_that_of_the_paper():
    method, model = after((X_OLD, Y_OLD), strength=0.5), linear()
    method.begin(toy_setting(model, X_OLD, Y_OLD))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.25
    one = step(model=model)
    pulls = whole_gradient(method, step(model=model)) - gradient(one.criterion(one.logits, one.y), model)
    assert torch.allclose(pulls, 2 * 0.5 * 0.25 * torch.tensor(IMPORTANCE), atol=1e-3)


def test_a_first_update_has_no_anchor():
    one = step()
    plain = gradient(one.criterion(one.logits, one.y), one.model.module)
    assert torch.equal(whole_gradient(MAS(), step()), plain)


def test_any_task_will_do_that_has_scores():
    class Two(nn.Linear):
        def forward(self, x):
            return super().forward(x), super().forward(x)

    method = MAS()
    setting = dataclasses.replace(toy_setting(Two(2, 1), X_OLD, Y_OLD), task=Heteroscedastic())
    method.begin(setting)
    method.end(setting)
    assert (importance(method) > 0).all()


def test_without_strength_it_is_fine_tuning(tmp_path):
    ours = [toy_update(tmp_path / "ours", MAS(strength=0.0), chunk) for chunk in (1, 2, 3)]
    plain = [toy_update(tmp_path / "plain", FineTune(), chunk) for chunk in (1, 2, 3)]
    blobs = [[result.record["artefacts"]["model"]["blob"] for result in results] for results in (ours, plain)]
    assert blobs[0] == blobs[1]


def test_it_forgets_less_than_fine_tuning_where_classes_stay():
    ours, plain = mean_accuracy(MAS(strength=0.1), steps=100), fine_tuned(steps=100)
    assert all(mine > its + 0.1 for mine, its in zip(ours, plain, strict=True))


def test_the_new_classes_of_a_head_that_has_grown_are_free():
    method, model = MAS(strength=0.1), nn.Sequential(nn.Linear(2, 4), nn.ReLU(), GrowingHead(4, 2))
    x, y = torch.randn(20, 2), torch.arange(20) % 2
    train(method, model, x, y, steps=5)
    before = method.state_dict()["importance"]["2.weight"]
    model[2].grow(5)
    method.begin(toy_setting(model, x, y))
    grown = method.state_dict()["importance"]["2.weight"]
    assert torch.equal(grown[:2], before)
    assert (grown[2:] == 0).all()
    train(method, model, x, y + 3, steps=5)
    assert method.state_dict()["importance"]["2.weight"].shape == (5, 4)


def test_another_architecture_is_refused_before_training():
    with pytest.raises(SchemaMismatch, match=r"\(3, 2\) and is \(2, 2\).*--change-method"):
        after((X_OLD, Y_OLD)).begin(toy_setting(nn.Linear(2, 2), X_OLD, Y_OLD))


@pytest.mark.parametrize("options", [{"strength": -1}, {"importance_rows": 0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ConfigError, match=f"`{[*options][0]}` must be"):
        MAS(**options)
