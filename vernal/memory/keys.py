"""The random key that every row of a stream gets once."""

from __future__ import annotations

from typing import Any

import numpy as np


def row_keys(seed: int, n_seen: int, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The keys of rows ``n_seen`` to ``n_seen + count`` of the stream with this seed, ``(count,)`` in [0, 1).

    The generator jumps to the place, so there is no state to keep: a resumed stream goes on where it was.

    Examples:
        >>> bool((row_keys(7, 0, 10)[4:] == row_keys(7, 4, 6)).all())
        True
    """
    return np.random.Generator(np.random.PCG64(seed).advance(n_seen)).random(count)
