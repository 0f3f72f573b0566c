"""Distances to a champion, row by row, in NumPy. Run: python -m tests.reference.distillation

distil:      w T^2 mean_i KL(softmax(t_i / T) || softmax(s_i / T))
compatible:  the same mean, each row times 1 where the champion's largest logit is that of its class, else times e
"""

import numpy as np

from tests.reference.tensors import X_OLD, Y_OLD, X, Y, logits

# The champion is linear, too. It has the third new row wrong, and the first from memory.
WEIGHT = np.array([[1.0, 0.5], [0.25, 1.0], [-0.5, -0.25]])
BIAS = np.array([0.0, -0.5, 0.25])


def champion(x):
    return np.asarray(x) @ WEIGHT.T + BIAS


def divergences(x, temperature):
    p, q = (_softmax(scores / temperature) for scores in (champion(x), logits(x).double().numpy()))
    return temperature**2 * (p * np.log(p / q)).sum(1)


def distil(weight, temperature, with_memory=True):
    return weight * np.concatenate([divergences(x, temperature) for x, _ in _batches(with_memory)]).mean()


def compatible(weight, elsewhere, temperature, with_memory=True):
    rows = [
        divergences(x, temperature) * np.where(champion(x).argmax(1) == y.numpy(), 1, elsewhere)
        for x, y in _batches(with_memory)
    ]
    return weight * np.concatenate(rows).mean()


def _batches(with_memory):
    return [(X, Y), (X_OLD, Y_OLD)] if with_memory else [(X, Y)]


def _softmax(scores):
    exponentials = np.exp(scores)
    return exponentials / exponentials.sum(1, keepdims=True)


if __name__ == "__main__":
    print([(champion(x).argmax(1) == y.numpy()).tolist() for x, y in _batches(True)])
    print({(w, t): round(float(distil(w, t)), 6) for w, t in ((1.0, 1.0), (1.0, 2.0), (0.5, 4.0))})
    print({(w, e, t): round(float(compatible(w, e, t)), 6) for w, e, t in ((1.0, 0.0, 2.0), (6.0, 1 / 6, 100.0))})
