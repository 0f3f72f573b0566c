"""Elastic weight consolidation for a linear softmax model, by hand. Run: python -m tests.reference.ewc

With p = softmax(W x + b) and e the unit vector of the label, the gradient of one row's cross entropy is (p - e) x^T in
W and p - e in b. Hence the Fisher information, a mean over rows of squares, and the gradient of the penalty,
lambda F (theta - theta*).
"""

import torch

from tests.reference.tensors import BIAS, WEIGHT, X_OLD, X_OTHER, Y_OLD, Y_OTHER, X, Y

# Where three updates led; the first is the model of `tensors`.
MOVED = [(WEIGHT, BIAS), (WEIGHT + 0.3, BIAS - 0.2), (0.5 * WEIGHT, BIAS + 0.1)]


def errors(x, y, weight, bias):
    """p - e, one line a row."""
    z = (x @ weight.T + bias).exp()
    return z / z.sum(1, keepdim=True) - torch.eye(3)[y]


def fisher(x, y, weight, bias):
    """Of W, then of b, as one vector."""
    error = errors(x, y, weight, bias) ** 2
    return torch.cat([(error.T @ x**2).flatten(), error.sum(0)]) / len(y)


def flat(weight, bias):
    return torch.cat([weight.flatten(), bias])


def gradient(strength, weight, bias, decay=1.0, online=False):
    """Of the whole loss, after two updates: each has an anchor, unless the second is that of both."""
    error = errors(X, Y, weight, bias)
    plain = torch.cat([(error.T @ X).flatten(), error.sum(0)]) / len(Y)
    anchors = [flat(*MOVED[1]) if online else flat(*MOVED[0]), flat(*MOVED[1])]
    fishers = [decay * fisher(X_OLD, Y_OLD, *MOVED[0]), fisher(X_OTHER, Y_OTHER, *MOVED[1])]
    here = flat(weight, bias)
    return plain + strength * sum(f * (here - anchor) for f, anchor in zip(fishers, anchors, strict=True))


if __name__ == "__main__":
    print(fisher(X_OLD, Y_OLD, WEIGHT, BIAS))
    print(gradient(4.0, *MOVED[2]))
    print(gradient(4.0, *MOVED[2], decay=0.5, online=True))
