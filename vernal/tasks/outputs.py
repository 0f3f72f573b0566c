"""What a model gives, as tensors and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor


def scores_of(outputs: Any) -> Tensor | None:
    """The tensor of scores or values in what a model gives: the output itself, or its ``logits``; else None.

    Examples:
        >>> import torch
        >>> scores_of({"logits": torch.zeros(2, 3)}).shape
        torch.Size([2, 3])
        >>> scores_of("a word") is None
        True
    """
    if isinstance(outputs, Mapping):
        outputs = outputs.get("logits")
    outputs = getattr(outputs, "logits", outputs)
    return outputs if isinstance(outputs, Tensor) else None


def as_array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """A tensor as an array; decimal numbers as float32, or as float64 if they are."""
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.element_size() < 4:  # NumPy knows no bfloat16.
        tensor = tensor.float()
    return np.asarray(tensor.numpy())
