"""Evidence as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """A value as JSON can hold it: numbers of NumPy as Python's, what is no number as None.

    Examples:
        >>> plain({"p": np.float64(0.5), "interval": (float("-inf"), 1)})
        {'p': 0.5, 'interval': [None, 1]}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
