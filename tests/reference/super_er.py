"""Super-ER on the network of `tests.reference.pod_er`: all terms and the gradient, in plain torch.

Run: python -m tests.reference.super_er
"""

import torch

from tests.reference.pod_er import HEAD, HIDDEN, OLD_HIDDEN, cross_entropy, distance, hidden
from tests.reference.tensors import X_OLD, X_OTHER, Y_OTHER, Z_OLD, X, Y

PLASTIC = HIDDEN + torch.tensor([0.2, 0.1]) * (-1.0) ** torch.arange(8)[:, None]
STABLE = HIDDEN + torch.tensor([-0.6, 0.1])
X_THIRD = torch.tensor([[0.5, -0.5], [1.0, 1.0]])


def logits(weight, x):
    return hidden(weight, x).flatten(1) @ HEAD.T


def teacher():
    rows = []
    for x, y in zip(X_OTHER, Y_OTHER, strict=True):
        plastic, stable = logits(PLASTIC, x[None])[0], logits(STABLE, x[None])[0]
        p_plastic, p_stable = plastic.exp() / plastic.exp().sum(), stable.exp() / stable.exp().sum()
        rows.append(stable if p_stable[y] > p_plastic[y] else plastic)
    return torch.stack(rows)


def loss_and_gradient(weights, normalised):
    """`weights` of new rows, stored logits, stored labels, averages, features."""
    weight = HIDDEN.clone().requires_grad_()
    terms = [
        cross_entropy(logits(weight, X), Y),
        ((logits(weight, X_OLD) - Z_OLD) ** 2).mean(),
        cross_entropy(logits(weight, X_OTHER), Y_OTHER),
        ((logits(weight, X_OTHER) - teacher()) ** 2).mean(),
        distance(hidden(weight, X_THIRD), hidden(OLD_HIDDEN, X_THIRD), "spatial", True),
    ]
    loss = sum(w * term for w, term in zip(weights, terms, strict=True))
    loss = loss / sum(weights) if normalised else loss
    loss.backward()
    return loss.item(), weight.grad.flatten()


if __name__ == "__main__":
    for weights in ((1.0, 1.0, 1.0, 0.1, 1.0), (0.5, 0.2, 0.3, 2.0, 0.7), (1.0, 0.0, 0.0, 0.0, 0.0)):
        print(weights, [round(loss_and_gradient(weights, normalised)[0], 6) for normalised in (False, True)])
