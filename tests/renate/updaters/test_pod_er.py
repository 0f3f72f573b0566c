from dataclasses import replace

import pytest

from tests.methods.steps import OLD, Told, step
from tests.methods.test_pod_er import network
from tests.reference import pod_er, tensors
from vernal.methods import Network
from vernal.renate.updaters import RenatePODER
from vernal.testing import MethodSuite


class TestRenatePODER(MethodSuite):
    def method(self):
        return RenatePODER(memory_size=20, memory_batch=8, layers=("0",))


def hidden(weight, x):
    return pod_er.hidden(weight, x)


NEW = pod_er.cross_entropy(hidden(pod_er.HIDDEN, tensors.X).flatten(1) @ pod_er.HEAD.T, tensors.Y).item()
FEATURES = pod_er.distance(
    hidden(pod_er.HIDDEN, tensors.X_OLD), hidden(pod_er.OLD_HIDDEN, tensors.X_OLD), "gap", normalised=True
).item()


@pytest.mark.parametrize(("weight", "alpha"), [(1.0, 1.0), (0.5, 2.0)])
def test_the_loss_is_weighted_and_divided_by_the_weights(weight, alpha):
    champion = network(pod_er.OLD_HIDDEN).requires_grad_(False)
    total = weight * NEW + alpha * FEATURES
    for normalized, expected in ((False, total), (True, total / (weight + alpha))):
        method = RenatePODER(loss_weight=weight, alpha=alpha, layers=("1",), pooling="gap", normalized=normalized)
        now = replace(step(Told(OLD), network(pod_er.HIDDEN)), old=lambda: Network(champion))
        assert method.loss(now).item() == pytest.approx(expected, rel=1e-5)
