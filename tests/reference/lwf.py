"""Learning without forgetting: l_new + alpha T^2 KL(teacher || model). Run: python -m tests.reference.lwf"""

import torch

from tests.reference.tensors import X, Y, cross_entropy, logits

TEACHER = torch.tensor([[0.2, 0.4], [-0.6, 0.1], [0.3, 0.9]]), torch.tensor([0.0, 0.5, -0.1])


def softened(z, temperature):
    p = (z / temperature).exp()
    return p / p.sum(1, keepdim=True)


def divergence(temperature, classes):
    """Between softmaxes over the first classes alone, meaned over rows."""
    weight, bias = TEACHER
    q, p = (softened(z[:, :classes], temperature) for z in (X @ weight.T + bias, logits(X)))
    return temperature**2 * (q * (q / p).log()).sum(1).mean()


def loss(alpha, temperature, classes):
    return (cross_entropy(X, Y) + alpha * divergence(temperature, classes)).item()


if __name__ == "__main__":
    for case in ((0.0, 2.0, 3), (1.0, 2.0, 3), (1.0, 2.0, 2), (3.0, 1.0, 2)):
        print(case, round(loss(*case), 6))
