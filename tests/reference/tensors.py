"""One small problem, written out: three new rows, two draws from memory, a linear model of three classes."""

import torch

WEIGHT = torch.tensor([[0.5, -1.0], [1.0, 0.25], [-0.75, 0.5]])  # (classes, features)
BIAS = torch.tensor([0.1, -0.2, 0.3])

X = torch.tensor([[1.0, 2.0], [-1.0, 0.5], [0.25, -1.5]])
Y = torch.tensor([0, 2, 1])

X_OLD = torch.tensor([[2.0, -1.0], [0.5, 0.5]])
Y_OLD = torch.tensor([1, 0])
Z_OLD = torch.tensor([[1.5, 2.0, -1.0], [0.0, 0.5, 0.25]])

X_OTHER = torch.tensor([[-2.0, 1.0], [1.5, 1.5]])
Y_OTHER = torch.tensor([2, 1])
Z_OTHER = torch.tensor([[-1.0, -2.0, 2.5], [-0.5, 1.0, 0.0]])


def logits(x):
    return x @ WEIGHT.T + BIAS


def cross_entropy(x, y):
    """The mean over rows of -log softmax(z)_y."""
    z = logits(x)
    return (z.exp().sum(1).log() - z[torch.arange(len(y)), y]).mean()


def distance(x, z):
    """The squared distance of logits, meaned over rows and classes, as in the authors' code of DER."""
    return ((logits(x) - z) ** 2).mean()
