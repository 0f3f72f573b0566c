"""A-GEM on the linear model: its gradients by hand, (softmax - one-hot)^T x, and the projection in NumPy.

Run: python -m tests.reference.agem
"""

import numpy as np

from tests.reference import tensors


def gradient(x, y):
    """Of the mean cross entropy, for all weights and then all biases, (9,)."""
    x, y = (np.asarray(value, np.float64 if value.is_floating_point() else np.int64) for value in (x, y))
    z = x @ np.asarray(tensors.WEIGHT, np.float64).T + np.asarray(tensors.BIAS, np.float64)
    off = np.exp(z) / np.exp(z).sum(1, keepdims=True) - np.eye(3)[y]
    return np.concatenate([(off.T @ x).ravel(), off.sum(0)]) / len(x)


def projected(g, r):
    return g if g @ r >= 0 else g - (g @ r) / (r @ r) * r


if __name__ == "__main__":
    g = gradient(tensors.X, tensors.Y)
    for name in ("OLD", "OTHER"):
        r = gradient(getattr(tensors, f"X_{name}"), getattr(tensors, f"Y_{name}"))
        print(name, round(g @ r, 6), projected(g, r).round(6).tolist())
