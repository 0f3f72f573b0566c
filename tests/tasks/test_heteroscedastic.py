import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vernal.base import ConfigError, TrainingError
from vernal.tasks import Heteroscedastic

TASK = Heteroscedastic()


def normal(scores):
    mean, log_variance = scores.chunk(2, 1)
    return Normal(mean, (log_variance / 2).exp())


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("targets", [1, 3])
def test_the_loss_is_the_negative_log_density(targets):
    outputs, y = random(5, 2 * targets), random(5, targets, seed=1)
    expected = -normal(outputs).log_prob(y).mean(1)
    assert torch.allclose(TASK.losses(outputs, y), expected)
    assert torch.allclose(TASK.losses(outputs.chunk(2, 1), y), expected)
    assert math.isclose(TASK.measure(*TASK.freeze(outputs, y))["nll"], expected.mean())


def test_a_scalar_target_is_not_broadcast():
    outputs, y = random(5, 2), random(5, seed=1)
    assert torch.allclose(TASK.losses(outputs, y), -normal(outputs).log_prob(y[:, None])[:, 0])
    pair = (outputs[:, 0], outputs[:, 1])
    assert torch.equal(TASK.losses(pair, y), TASK.losses(outputs, y))
    TASK.check(pair, y, None, 5)


def test_sureness_has_a_limit():
    y = torch.tensor([1.0])
    assert TASK.losses(torch.tensor([[0.0, -50.0]]), y) == TASK.losses(torch.tensor([[0.0, -10.0]]), y)
    assert Heteroscedastic(least_log_variance=-1).freeze(torch.tensor([[0.0, -50.0]]), y)[1].tolist() == [[0, -1]]
    with pytest.raises(ConfigError, match="`least_log_variance` must be between -80 and 80"):
        Heteroscedastic(least_log_variance=-200)


def test_the_distance_is_the_divergence_of_normal_distributions():
    outputs, teacher = random(5, 6), random(5, 6, seed=1)
    expected = kl_divergence(normal(teacher), normal(outputs)).mean(1)
    assert torch.allclose(TASK.distance(outputs, teacher), expected)
    assert torch.allclose(TASK.distance(outputs.chunk(2, 1), teacher), expected)


def test_a_target_of_which_the_teacher_knows_half_is_left_out():
    outputs, teacher = random(5, 4), random(5, 4, seed=1)
    expected = TASK.distance(outputs[:, [0, 2]], teacher[:, [0, 2]])
    teacher[:, 3] = torch.nan
    assert torch.allclose(TASK.distance(outputs, teacher), expected)


def test_means_and_variances_do_not_grow():
    with pytest.raises(TrainingError, match="They must agree"):
        TASK.distance(random(5, 4), random(5, 2))


@pytest.mark.parametrize("outputs", [torch.zeros(2, 3), torch.zeros(2), torch.zeros(4, 2)])
def test_a_mean_and_a_variance_for_each_target_are_demanded(outputs):
    with pytest.raises(TrainingError, match="it must give the mean of each target, then the logarithm"):
        TASK.check(outputs, torch.zeros(2, 2), None, 2)


def test_outputs_of_another_size_are_not_frozen():
    assert TASK.freeze(torch.zeros(2, 3), torch.zeros(2)) is None
