import torch
from torch.optim import SGD, Adam

from vernal.renate.optimizer import optimizer_fn


def parameters():
    return [torch.nn.Parameter(torch.zeros(1))]


def test_adam_is_the_default():
    adam = optimizer_fn(parameters(), weight_decay=0.1)
    assert type(adam) is Adam
    assert (adam.defaults["lr"], adam.defaults["weight_decay"]) == (3e-4, 0.1)


def test_sgd_takes_a_momentum():
    sgd = optimizer_fn(parameters(), optimizer="SGD", learning_rate=0.5, momentum=0.9, weight_decay=0.1)
    assert type(sgd) is SGD
    assert (sgd.defaults["lr"], sgd.defaults["momentum"], sgd.defaults["weight_decay"]) == (0.5, 0.9, 0.1)
