"""Memory aware synapses for a linear model, by hand. Run: python -m tests.reference.mas

The gradient of |W x + b|^2 is 2 z x^T in W and 2 z in b.
"""

import torch

from tests.reference.tensors import X_OLD, logits


def importance(x):
    """Of W, then of b, as one vector."""
    z = logits(x).abs()
    return torch.cat([(2 * z.T @ x.abs()).flatten(), 2 * z.sum(0)]) / len(x)


if __name__ == "__main__":
    print(importance(X_OLD))
