"""Images whose colour drifts round the colour circle."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vernal.base import DataError
from vernal.data.scenarios.sorting import Sorting

N_BINS = 100


@dataclass(frozen=True)
class HueShift(Sorting):
    """Chunks of equal size, in the order of the images' main hue: red, yellow, green, blue, purple.

    Args:
        n_chunks: how many chunks, at least 1.
        randomness: the share of the rows, from 0 to 1, that change places in pairs after sorting.
        seed: which rows change places.

    Examples:
        >>> red, green = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0])
        >>> rows = [(colour.reshape(3, 1, 1), 0) for colour in (green, red)]
        >>> [part[0][0].flatten().tolist() for part in HueShift(n_chunks=2).parts(rows)]
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """

    def score(self, x: Tensor) -> float:
        """The main hue of an image."""
        return main_hue(x)


def main_hue(image: Tensor) -> float:
    """The hue that has the most colour, out of 100 equal parts of the circle; 0 for an image without colour.

    Args:
        image: red, green and blue, shape ``(3, H, W)``, on any scale that starts at 0. A pixel counts as
            much as it is colourful, a grey one not at all.

    Returns:
        The lower end of the part, in [0, 1).
    """
    hues, chroma = hue(image)
    bins = (hues * N_BINS).long().clamp(max=N_BINS - 1)
    weights = torch.bincount(bins.flatten(), weights=chroma.flatten(), minlength=N_BINS)
    return int(weights.argmax()) / N_BINS


def hue(image: Tensor) -> tuple[Tensor, Tensor]:
    """The hue of each pixel in [0, 1), 0 for grey, and its chroma: how far it is from grey.

    Args:
        image: shape ``(3, H, W)``.

    Returns:
        Two tensors of the shape ``(H, W)``.
    """
    if image.dim() != 3 or len(image) != 3:
        raise DataError(f"An image has the shape {tuple(image.shape)}. Hues need red, green and blue: (3, H, W).")
    red, green, blue = rgb = image.to(torch.float32)
    largest = rgb.amax(dim=0)
    chroma = largest - rgb.amin(dim=0)
    colourful = chroma.clamp(min=torch.finfo(torch.float32).tiny)  # no division by zero for grey
    sixths = torch.where(
        largest == red,
        (green - blue) / colourful % 6,
        torch.where(largest == green, (blue - red) / colourful + 2, (red - green) / colourful + 4),
    )
    return sixths / 6 % 1, chroma
