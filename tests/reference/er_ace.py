"""ER-ACE: l(f_Cy(x), y) + w l(f(x), y) + (1 - w) l(f(x'), y'), w = n / (n + N). Run: python -m tests.reference.er_ace

Written as a loop over rows with a softmax over the classes that take part, so that nothing is masked.
"""

import torch

from tests.reference.tensors import BIAS, WEIGHT, X_OLD, Y_OLD, X


def among(x, y, classes, weight=WEIGHT, bias=BIAS):
    """The mean of -log of the share that the right class has among some classes."""
    losses = []
    for row, label in zip(x, y.tolist(), strict=True):
        scores = {c: weight[c] @ row + bias[c] for c in classes}
        losses.append(torch.stack([*scores.values()]).logsumexp(0) - scores[label])
    return torch.stack(losses).mean()


def loss(y, share, weight=WEIGHT, bias=BIAS):
    own, everything = sorted({*y.tolist()}), range(len(weight))
    parts = (
        among(X, y, own, weight, bias),
        share * among(X, y, everything, weight, bias),
        (1 - share) * among(X_OLD, Y_OLD, everything, weight, bias),
    )
    return sum(parts)


if __name__ == "__main__":
    print({share: round(loss(torch.tensor([0, 2, 2]), share).item(), 6) for share in (0.25, 0.5, 1.0)})
