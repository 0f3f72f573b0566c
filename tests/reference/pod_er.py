"""POD-ER on a network whose one hidden layer is a (2, 2, 2) map: the loss and its gradient, in plain torch.

Run: python -m tests.reference.pod_er
"""

import torch

from tests.reference.tensors import X_OLD, Y_OLD, X, Y

SHAPE = (2, 2, 2)  # channels, height, width
HIDDEN = torch.linspace(-1, 1.4, 16).reshape(8, 2)
HEAD = torch.linspace(0.9, -0.7, 24).reshape(3, 8)
OLD_HIDDEN = HIDDEN + torch.tensor([0.3, -0.2]) * (-1.0) ** torch.arange(8)[:, None]


def hidden(weight, x):
    return (x @ weight.T).reshape(-1, *SHAPE)


def cross_entropy(z, y):
    return (z.exp().sum(1).log() - z[torch.arange(len(y)), y]).mean()


def pooled(h, pooling):
    """The squares, entry by entry."""
    h = h**2
    b = len(h)
    width = torch.stack([h[:, c, 0, w] + h[:, c, 1, w] for c in range(2) for w in range(2)], 1)
    height = torch.stack([h[:, c, r, 0] + h[:, c, r, 1] for c in range(2) for r in range(2)], 1)
    return {
        "pixel": h.reshape(b, 8),
        "channel": (h[:, 0] + h[:, 1]).reshape(b, 4),
        "width": width,
        "height": height,
        "gap": torch.stack([h[:, c].reshape(b, 4).mean(1) for c in range(2)], 1),
        "spatial": torch.cat([height, width], 1),
    }[pooling]


def distance(h, old, pooling, normalised):
    p, q = pooled(h, pooling), pooled(old, pooling)
    if normalised:
        p, q = p / (p**2).sum(1, keepdim=True).sqrt(), q / (q**2).sum(1, keepdim=True).sqrt()
    return ((p - q) ** 2).sum(1).sqrt().mean()


def loss_and_gradient(alpha, beta, pooling, normalised):
    weight = HIDDEN.clone().requires_grad_()
    new, old = hidden(weight, X).flatten(1) @ HEAD.T, hidden(weight, X_OLD)
    labels = cross_entropy(new, Y) + alpha * cross_entropy(old.flatten(1) @ HEAD.T, Y_OLD)
    features = distance(old, hidden(OLD_HIDDEN, X_OLD), pooling, normalised)
    loss = labels / (1 + alpha) + beta * features
    loss.backward()
    return loss.item(), weight.grad.flatten()


if __name__ == "__main__":
    for pooling in ("pixel", "channel", "width", "height", "gap", "spatial"):
        print(pooling, [round(loss_and_gradient(0.5, 2.0, pooling, normalised)[0], 6) for normalised in (False, True)])
