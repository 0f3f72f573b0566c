"""One seed, many independent random streams, each with a name."""

from __future__ import annotations

import hashlib


def derive_seed(seed: int, *names: str | int) -> int:
    """Derive the seed of a named stream: the same names give the same stream, others are independent.

    Args:
        seed: the seed that the user chose.
        names: the path of the stream, e.g. ``("order", 3)`` for the order of the rows in epoch 3.

    Returns:
        An integer in [0, 2^63), fit for NumPy's and torch's generators.

    Examples:
        >>> derive_seed(0, "order", 3) == derive_seed(0, "order", 3)
        True
        >>> derive_seed(0, "order", 3) == derive_seed(0, "order", 4)
        False
    """
    path = "/".join(str(name) for name in (seed, *names))
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "little") >> 1
