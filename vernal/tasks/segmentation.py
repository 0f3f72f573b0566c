"""One class for every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vernal.tasks.dense import Dense


@dataclass(frozen=True)
class Segmentation(Dense):
    """Predict the class of every pixel; the loss is the cross entropy, averaged over the pixels of a row that count.

    Targets are whole numbers ``(B, H, W)``, outputs logits ``(B, C, H, W)``; one spatial dimension or three will do as
    well. No row is simply right or wrong: hardly any mask is right in every pixel.

    Args:
        ignore: the target of pixels that do not count.

    Examples:
        >>> import torch
        >>> Segmentation().losses(torch.zeros(1, 2, 1, 3), torch.tensor([[[0, 1, 255]]]))
        tensor([0.6931])
    """

    ignore: int = 255

    name: ClassVar[str] = "segmentation"
