"""Experience replay: (l_new + alpha l_old) / (1 + alpha). Run: python -m tests.reference.er"""

from tests.reference.tensors import X_OLD, Y_OLD, X, Y, cross_entropy


def loss(alpha):
    return ((cross_entropy(X, Y) + alpha * cross_entropy(X_OLD, Y_OLD)) / (1 + alpha)).item()


if __name__ == "__main__":
    print({alpha: round(loss(alpha), 6) for alpha in (0.0, 0.5, 1.0)})
