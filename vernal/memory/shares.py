"""How places in memory are divided among groups of rows."""

from __future__ import annotations

import numpy as np

from vernal.memory.policy import Floats, Ints, descending, largest


def fair_shares(sizes: Ints, capacity: int, turns: Floats) -> Ints:
    """Divide `capacity` places among groups of these sizes as equally as possible.

    Args:
        sizes: rows in each group, ``(g,)``.
        capacity: places.
        turns: who comes first when places are left over, ``(g,)``; the larger, the earlier.

    Examples:
        >>> fair_shares(np.array([8, 2, 8]), 9, np.array([0.1, 0.2, 0.3]))
        array([3, 2, 4])
    """
    shares = np.zeros_like(sizes)
    left = min(capacity, int(sizes.sum()))
    while left:
        open_groups = np.flatnonzero(shares < sizes)
        each = left // len(open_groups)
        if each == 0:
            shares[open_groups[largest(turns[open_groups], left)]] += 1
            break
        given = np.minimum(each, sizes[open_groups] - shares[open_groups])
        shares[open_groups] += given
        left -= int(given.sum())
    return shares


def fair_groups(groups: Ints, keys: Floats, capacity: int) -> list[tuple[Ints, int]]:
    """The rows of every group, and how many of them may stay.

    Args:
        groups: the group of each row, ``(n,)``.
        keys: a random number of each row, ``(n,)``; they decide whose turn it is when places are left over.
        capacity: places.

    Returns:
        For each group the places of its rows, those with larger keys first, and its share.

    Examples:
        >>> fair_groups(np.array([0, 1, 0, 0]), np.array([0.1, 0.2, 0.9, 0.5]), 2)
        [(array([2, 3, 0]), 1), (array([1]), 1)]
    """
    names, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = descending(keys)
    order = order[np.argsort(member[order], kind="stable")]
    places = np.split(order, np.cumsum(sizes)[:-1]) if len(names) else []
    # A group's turn in the draw for left-over places: its largest key, which is random.
    turns = np.array([keys[rows[0]] for rows in places])
    return [*zip(places, fair_shares(sizes, capacity, turns).tolist(), strict=True)]
