"""The model's checkpoint: the one file that is written for `torch.load`.

Config files of Renate's users read it with ``torch.load(model_state_url)``, so it has torch's format. It holds tensors
by name and nothing else, which torch (2.6 and later) reads without running anything that lies in the file
(``weights_only``, the default). vernal itself never reads it: the model's state is in the store.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def checkpoint_bytes(state: Mapping[str, Any]) -> bytes:
    """A model's state as a file for `torch.load`.

    Examples:
        >>> data = checkpoint_bytes({"weight": torch.ones(2, 2)[0]})
        >>> torch.load(io.BytesIO(data), weights_only=True)
        {'weight': tensor([1., 1.])}
    """
    buffer = io.BytesIO()
    torch.save({name: _alone(value) for name, value in state.items()}, buffer)
    return buffer.getvalue()


def _alone(value: Any) -> Any:
    """A tensor without what lies around it in memory: torch would write all of that."""
    if isinstance(value, Tensor) and value.untyped_storage().nbytes() > value.numel() * value.itemsize:
        return value.clone()
    return value
