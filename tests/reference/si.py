"""Synaptic intelligence for a linear softmax model under gradient descent, by hand. Run: python -m tests.reference.si

Gradients of the loss are written out as in `tests.reference.ewc`. So is that of the penalty, 2 c Omega (theta -
theta~), which moves the weights, and does not count for their importance.
"""

import torch

from tests.reference.ewc import errors, flat
from tests.reference.tensors import BIAS, WEIGHT, X_OLD, X_OTHER, Y_OLD, Y_OTHER

RATE, STEPS = 0.5, 3


def gradient(theta, x, y):
    error = errors(x, y, theta[:6].reshape(3, 2), theta[6:])
    return torch.cat([(error.T @ x).flatten(), error.sum(0)]) / len(y)


def update(theta, importance, x, y, strength, damping):
    """Weights and importances after some steps on a batch."""
    start, path = theta, torch.zeros_like(theta)
    for _ in range(STEPS):
        g = gradient(theta, x, y)
        step = -RATE * (g + 2 * strength * importance * (theta - start))
        path, theta = path - g * step, theta + step
    gained = path / ((theta - start) ** 2 + damping)
    return theta, (importance + gained).clamp(min=0)


def two_updates(strength, damping):
    state = flat(WEIGHT, BIAS), torch.zeros(9)
    for x, y in ((X_OLD, Y_OLD), (X_OTHER, Y_OTHER)):
        state = update(*state, x, y, strength, damping)
    return state


if __name__ == "__main__":
    print(two_updates(2.0, 0.1))
