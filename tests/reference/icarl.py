"""iCaRL: binary cross entropies, row by row and class by class, and means of exemplars in NumPy.

Run: python -m tests.reference.icarl
"""

import numpy as np

from tests.reference import tensors

CHAMPION = np.array([[0.25, 0.5], [-1.0, 0.75], [0.5, -0.25]])  # (classes, features), no bias


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def scores(x):
    return np.asarray(x, np.float64) @ np.asarray(tensors.WEIGHT, np.float64).T + np.asarray(tensors.BIAS, np.float64)


def wanted(x, y, here, earlier):
    """For every row and class what is to be said, and whether anything is, (rows, 3) each."""
    answers, asked = np.zeros((len(x), 3)), np.zeros((len(x), 3))
    for i, (row, label) in enumerate(zip(np.asarray(x, np.float64), y.tolist(), strict=True)):
        for c in [*here, *earlier]:
            answers[i, c] = float(label == c) if c in here else sigmoid(CHAMPION[c] @ row)
            asked[i, c] = 1
    return answers, asked


def mean_loss(x, y, here, earlier):
    """The mean over rows; `here` are classes of the chunk, `earlier` such as the champion teaches."""
    q, asked = wanted(x, y, here, earlier)
    g = sigmoid(scores(x))
    return float(-(asked * (q * np.log(g) + (1 - q) * np.log(1 - g))).sum() / len(x))


def mean_gradient(x, y, here, earlier):
    """By the weights and then the biases, (9,): of a binary cross entropy by its logit, g - q."""
    q, asked = wanted(x, y, here, earlier)
    off = asked * (sigmoid(scores(x)) - q) / len(x)
    return np.concatenate([(off.T @ np.asarray(x, np.float64)).ravel(), off.sum(0)])


def over_the_union(what, here, earlier, n_new, n_old):
    """A mean over a chunk and a memory together, of which there are some rows each."""
    new = what(tensors.X, tensors.Y, here, earlier)
    old = what(tensors.X_OLD, tensors.Y_OLD, here, earlier)
    return (n_new * new + n_old * old) / (n_new + n_old)


def means(features, labels):
    """By class: of features of length one, of length one itself."""
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    found = {c: features[labels == c].mean(0) for c in sorted({*labels.tolist()})}
    return {c: mean / np.linalg.norm(mean) for c, mean in found.items()}


def nearest(features, found):
    """By the smallest distance of all, row by row."""
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    return [min(found, key=lambda c: np.linalg.norm(row - found[c])) for row in features]


if __name__ == "__main__":
    cases = (([0, 1, 2], []), ([2], [0, 1]), ([0, 2], [1]), ([2], [1]))
    print([round(over_the_union(mean_loss, *case, 6, 2), 6) for case in cases])
