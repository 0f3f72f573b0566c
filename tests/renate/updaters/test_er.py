import pytest
from torch.nn import functional as F

from tests.methods.steps import OLD, Told, linear, step
from tests.reference import tensors
from vernal.base import ConfigError
from vernal.renate.updaters import RenateER
from vernal.testing import MethodSuite


class TestRenateER(MethodSuite):
    def method(self):
        return RenateER(memory_size=20, memory_batch=8)


NEW = F.cross_entropy(linear()(tensors.X), tensors.Y).item()
REPLAYED = F.cross_entropy(linear()(tensors.X_OLD), tensors.Y_OLD).item()


@pytest.mark.parametrize(("weight", "alpha"), [(1.0, 1.0), (0.5, 0.5), (2.0, 0.1)])
def test_the_loss_is_weighted_and_divided_by_the_weights(weight, alpha):
    total = weight * NEW + alpha * REPLAYED
    for normalized, expected in ((False, total), (True, total / (weight + alpha))):
        method = RenateER(loss_weight=weight, alpha=alpha, normalized=normalized)
        assert method.loss(step(Told(OLD))).item() == pytest.approx(expected, rel=1e-5)


def test_without_memory_only_the_new_rows_count():
    assert RenateER(loss_weight=0.5).loss(step()).item() == pytest.approx(NEW, rel=1e-5)
    assert RenateER(loss_weight=0.5, normalized=False).loss(step()).item() == pytest.approx(NEW / 2, rel=1e-5)


def test_a_weight_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="`loss_weight` must be at least"):
        RenateER(loss_weight=0)
