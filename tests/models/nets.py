"""Small models."""

from torch import nn


def convolutional() -> nn.Sequential:
    """Convolution, batch norm, linear: what a residual net is made of. Takes ``(B, 3, 8, 8)``, gives ``(B, 2)``."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()),
        nn.Sequential(nn.Flatten(), nn.Linear(144, 6), nn.BatchNorm1d(6)),
        nn.Linear(6, 2),
    )
