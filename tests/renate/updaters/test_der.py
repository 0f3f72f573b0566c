import pytest
from torch.nn import functional as F

from tests.methods.steps import OLD, Told, linear, step
from tests.reference import tensors
from vernal.renate.updaters import RenateDER
from vernal.testing import MethodSuite


class TestRenateDER(MethodSuite):
    def method(self):
        return RenateDER(memory_size=20, memory_batch=8)


NEW = F.cross_entropy(linear()(tensors.X), tensors.Y).item()
LABELS = F.cross_entropy(linear()(tensors.X_OLD), tensors.Y_OLD).item()
LOGITS = F.mse_loss(linear()(tensors.X_OLD), tensors.Z_OLD).item()


@pytest.mark.parametrize(("weight", "alpha", "beta"), [(0.5, 0.2, 0.5), (1.0, 1.0, 1.0), (1.0, 0.3, 0.0)])
def test_the_loss_is_weighted_and_divided_by_the_weights(weight, alpha, beta):
    total = weight * NEW + alpha * LOGITS + beta * LABELS
    for normalized, expected in ((False, total), (True, total / (weight + alpha + beta))):
        method = RenateDER(loss_weight=weight, alpha=alpha, beta=beta, normalized=normalized)
        assert method.loss(step(Told(OLD))).item() == pytest.approx(expected, rel=1e-5)


def test_without_memory_only_the_new_rows_count():
    assert RenateDER(loss_weight=0.5).loss(step()).item() == pytest.approx(NEW, rel=1e-5)
    assert RenateDER(loss_weight=0.5, normalized=False).loss(step()).item() == pytest.approx(NEW / 2, rel=1e-5)


def test_labels_and_logits_are_those_of_one_draw():
    memory = Told(OLD)
    RenateDER(memory_batch=7).loss(step(memory))
    assert memory.asked == [7]
