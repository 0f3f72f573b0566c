"""RD: the student's distance to centred logits, the expert's on new rows, the champion's on old ones.

Run: python -m tests.reference.rd
"""

import torch

from tests.reference import tensors
from tests.reference.tensors import X_OLD, X

EXPERT = torch.tensor([[0.2, 0.4], [-0.6, 1.0], [0.8, -0.3]])
CHAMPION = torch.tensor([[-0.5, 0.1], [0.7, 0.7], [0.3, -1.2]])


def loss_and_gradient():
    weight, bias = tensors.WEIGHT.clone().requires_grad_(), tensors.BIAS.clone().requires_grad_()
    total = 0.0
    for rows, teacher in ((X, EXPERT), (X_OLD, CHAMPION)):
        for x in rows:
            z, f = teacher @ x + tensors.BIAS, weight @ x + bias
            total = total + 0.5 * ((f - (z - z.sum() / 3)) ** 2).sum() / 3
    loss = total / (len(X) + len(X_OLD))
    loss.backward()
    return loss.item(), torch.cat([weight.grad.flatten(), bias.grad])


if __name__ == "__main__":
    print(round(loss_and_gradient()[0], 6))
