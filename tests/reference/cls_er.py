"""CLS-ER: (l_new + alpha l_old) / (1 + alpha) + beta |f(x') - t|^2. Run: python -m tests.reference.cls_er

The teacher t of a row is the stable network where it gives the true class the higher probability, else the plastic one.
"""

import torch

from tests.reference import tensors
from tests.reference.tensors import BIAS, WEIGHT, X_OLD, Y_OLD, X, Y

PLASTIC = WEIGHT + torch.tensor([[0.3, -0.1], [-0.4, 0.2], [0.1, 0.0]])
STABLE = WEIGHT + torch.tensor([[-0.3, 0.2], [0.2, 0.1], [-0.2, 0.3]])


def teacher():
    """Row by row, in plain words."""
    rows = []
    for x, y in zip(X_OLD, Y_OLD, strict=True):
        plastic, stable = PLASTIC @ x + BIAS, STABLE @ x + BIAS
        p_plastic, p_stable = plastic.exp() / plastic.exp().sum(), stable.exp() / stable.exp().sum()
        rows.append(stable if p_stable[y] > p_plastic[y] else plastic)
    return torch.stack(rows)


def cross_entropy(weight, bias, x, y):
    z = x @ weight.T + bias
    return (z.exp().sum(1).log() - z[torch.arange(len(y)), y]).mean()


def loss_and_gradient(alpha, beta):
    weight, bias = tensors.WEIGHT.clone().requires_grad_(), tensors.BIAS.clone().requires_grad_()
    labels = cross_entropy(weight, bias, X, Y) + alpha * cross_entropy(weight, bias, X_OLD, Y_OLD)
    distance = ((X_OLD @ weight.T + bias - teacher()) ** 2).mean()
    loss = labels / (1 + alpha) + beta * distance
    loss.backward()
    return loss.item(), torch.cat([weight.grad.flatten(), bias.grad])


if __name__ == "__main__":
    print({pair: round(loss_and_gradient(*pair)[0], 6) for pair in ((1.0, 0.1), (0.5, 0.0), (0.0, 2.0))})
