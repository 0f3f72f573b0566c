"""Replay weighted by rows: w l_new + (1 - w) l_old, w = n / (n + N). Run: python -m tests.reference.offline_er"""

from tests.reference.tensors import X_OLD, Y_OLD, X, Y, cross_entropy


def loss(weight):
    return (weight * cross_entropy(X, Y) + (1 - weight) * cross_entropy(X_OLD, Y_OLD)).item()


if __name__ == "__main__":
    print({weight: round(loss(weight), 6) for weight in (0.25, 0.0, 1.0)})
