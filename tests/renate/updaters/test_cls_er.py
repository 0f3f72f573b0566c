import pytest
import torch

from tests.methods.steps import OLD, Told, linear, step
from tests.methods.test_cls_er import AVERAGES
from tests.reference import cls_er, tensors
from vernal.renate.updaters import RenateCLSER
from vernal.testing import MethodSuite


class TestRenateCLSER(MethodSuite):
    def method(self):
        return RenateCLSER(memory_size=20, memory_batch=8)


NEW, LABELS = (
    cls_er.cross_entropy(tensors.WEIGHT, tensors.BIAS, *rows).item()
    for rows in ((tensors.X, tensors.Y), (tensors.X_OLD, tensors.Y_OLD))
)
DISTANCE = ((tensors.logits(tensors.X_OLD) - cls_er.teacher()) ** 2).mean().item()


@pytest.mark.parametrize(("weight", "alpha", "beta"), [(0.2, 0.5, 0.1), (1.0, 1.0, 2.0)])
def test_the_loss_is_weighted_and_divided_by_the_weights(weight, alpha, beta):
    total = weight * NEW + alpha * LABELS + beta * DISTANCE
    for normalized, expected in ((False, total), (True, total / (weight + alpha + beta))):
        method = RenateCLSER(loss_weight=weight, alpha=alpha, beta=beta, normalized=normalized)
        method.start(linear(), linear)
        method.load_state_dict({"averages": AVERAGES, "mask": {}})
        assert method.loss(step(Told(OLD))).item() == pytest.approx(expected, rel=1e-5)


def test_the_model_predicts():
    method, model = RenateCLSER(), linear()
    method.start(model, linear)
    for _ in range(5):
        model.weight.data.add_(torch.ones(3, 2))
        method.after_step(model)
    assert method.predictor(model) is model
