"""Images that turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import Dataset

from vernal.data.scenarios.transforming import Transforming


@dataclass(frozen=True)
class Rotation(Transforming):
    """Chunk ``i`` holds a random part of the images, turned by the ``i``-th angle; so are all test images.

    Args:
        degrees: the angle of each chunk, counter-clockwise.
        seed: which rows go where.

    Examples:
        >>> rows = [(torch.eye(3)[None], 0)] * 4
        >>> upright, turned = Rotation(degrees=(0, 90)).chunks(train=rows, test=rows)
        >>> turned.train[0][0].round().int()
        tensor([[[0, 0, 1],
                 [0, 1, 0],
                 [1, 0, 0]]], dtype=torch.int32)
    """

    degrees: Sequence[float]
    seed: int = 0

    def transforms(self, dataset: Dataset[Any]) -> list[Callable[[Tensor], Tensor]]:  # noqa: ARG002
        """A turn by the angle of each chunk."""
        return [partial(rotate, degrees=degrees) for degrees in self.degrees]


def rotate(image: Tensor, degrees: float) -> Tensor:
    """Turn an image counter-clockwise about its centre, bilinear, black where nothing was.

    Args:
        image: shape ``(..., H, W)``, of any type; whole numbers are rounded.
        degrees: the angle.

    Returns:
        The shape and type of `image`; corners that leave the frame are cut off.
    """
    height, width = image.shape[-2:]
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    # Where each place of the result lies in the source. `affine_grid` measures from -1 to 1 along
    # either side, hence the ratios.
    to_source = torch.tensor([[[cos, -sin * height / width, 0.0], [sin * width / height, cos, 0.0]]])
    planes = image.reshape(1, -1, height, width).to(torch.float32)
    grid = F.affine_grid(to_source, list(planes.shape), align_corners=False)
    turned = F.grid_sample(planes, grid, align_corners=False).reshape(image.shape)
    return turned.to(image.dtype) if image.is_floating_point() else turned.round().to(image.dtype)
