import numpy as np
import pytest
import torch
from torch import nn

from tests.training.jobs import CPU, chunk, linear
from vernal.data import Chunk
from vernal.tasks import Classification, Other, Regression, task_class
from vernal.training import Feed, Transforms, evaluating, predict, row_losses


def predicted(model, data, task, batch_size=7, **others):
    feed = Feed(data.rows, Transforms(), CPU, 0)
    task = task_class(task)()
    return predict(model, feed, row_losses(task, None), task, batch_size=batch_size, **others)


def test_classes_are_predicted_in_the_order_of_the_rows():
    data = chunk(task="classification")
    found = predicted(linear(2), data, "classification")
    x = torch.stack([data[i][0] for i in range(len(data))])
    assert found.predicted.tolist() == linear(2)(x).argmax(1).tolist()
    assert found.y.tolist() == data.labels.tolist()
    assert found.losses.shape == (40,)
    assert found.measure(Classification())["accuracy"] == np.mean(found.predicted == found.y)


def test_the_size_of_a_batch_does_not_matter():
    data = chunk()
    many, one = (predicted(linear(), data, "regression", size) for size in (40, 1))
    assert np.allclose(many.losses, one.losses, atol=1e-6)
    assert many.y.shape == one.y.shape == many.predicted.shape == (40,)


def test_a_value_column_is_predicted_in_the_shape_of_the_targets():
    data = Chunk.from_arrays(torch.zeros(4, 3), torch.zeros(4, 1))
    assert predicted(lambda x: x[:, 0], data, "regression").predicted.shape == (4, 1)


def test_other_tasks_have_a_loss_and_nothing_else():
    data = Chunk.from_arrays(torch.ones(4, 3), torch.ones(4, 2, dtype=torch.int64))
    feed = Feed(data.rows, Transforms(), CPU, 0)
    found = predict(lambda x: x, feed, lambda outputs, targets: outputs.sum(1), Other())
    assert found.predicted is None
    assert found.measure(Other()) == {"loss": 3.0}


@pytest.mark.parametrize("loss", [lambda out, y: (out[:, 0] - y).abs().mean(), lambda out, y: (out[:, 0] - y).abs()])
def test_every_row_counts_the_same_whether_the_loss_comes_by_row_or_by_batch(loss):
    data = chunk()
    found = predict(linear(), Feed(data.rows, Transforms(), CPU, 0), loss, Regression(), batch_size=39)
    x, y = data.rows.leaves(torch.arange(40)).values()
    assert found.losses.shape == (40,)
    assert found.measure(Regression())["loss"] == pytest.approx((linear()(x)[:, 0] - y).abs().mean().item(), rel=1e-5)


def test_the_metrics_of_the_user_are_asked():
    class Count:
        def reset(self):
            self.rows = 0

        def to(self, device):
            return self

        def update(self, outputs, targets):
            self.rows += len(targets)

        def compute(self):
            return torch.tensor(self.rows)

    found = predicted(linear(), chunk(), "regression", own_metrics={"rows": Count()})
    assert found.measure(Regression())["rows"] == 40


def test_a_model_is_put_back_into_the_modes_it_was_in():
    model = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2))
    model.train()
    model[1].eval()
    with evaluating(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == [True, True, False]


def test_predictions_carry_no_gradient():
    assert isinstance(predicted(linear(), chunk(), "regression").losses, np.ndarray)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_widened_for_numpy(dtype):
    data = Chunk.from_arrays(torch.ones(4, 3), torch.ones(4))
    found = predicted(lambda x: x[:, 0].to(dtype), data, "regression")
    assert found.predicted.dtype == np.float32
