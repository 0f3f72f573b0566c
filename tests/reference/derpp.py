"""DER++: l_new + alpha |z' - f(x')|^2 + beta l(f(x''), y''). Run: python -m tests.reference.derpp"""

from tests.reference.tensors import X_OLD, X_OTHER, Y_OTHER, Z_OLD, X, Y, cross_entropy, distance


def loss(alpha, beta):
    return (cross_entropy(X, Y) + alpha * distance(X_OLD, Z_OLD) + beta * cross_entropy(X_OTHER, Y_OTHER)).item()


if __name__ == "__main__":
    print({pair: round(loss(*pair), 6) for pair in ((0.1, 0.5), (0.0, 1.0), (1.0, 0.0))})
