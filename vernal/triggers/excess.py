"""How far a sum lies above the lowest it has been: Page's statistic, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from vernal.triggers.steps import Array, running

# `sum` of everything, the lowest that it has been, `floor`, and how many `rows` ago that was.
LEVEL = {"sum": 0.0, "floor": 0.0, "rows": 0}


class Excess(NamedTuple):
    """``(n + 1,)`` before and after each row: how far the sum lies above its floor, and how many rows ago that was."""

    height: Array
    rows: Array


def climb(state: Mapping[str, Any], new: Array) -> tuple[dict[str, Any], Excess]:
    """Add some numbers to a sum: its state after them, and how far above its floor it was on the way.

    Sums run from row to row, so the same rows give the same bits however they are cut into arrivals.

    Examples:
        >>> state, excess = climb(LEVEL, np.array([-1.0, 2.0, 1.0, -4.0]))
        >>> excess.height.tolist(), excess.rows.tolist()
        ([0.0, 0.0, 2.0, 3.0, 0.0], [0, 0, 1, 2, 0])
    """
    total = running(state["sum"], new)
    floor = np.minimum.accumulate(np.concatenate([[state["floor"]], total[1:]]))
    place = np.arange(len(total))
    rows = place - np.maximum.accumulate(np.where(total == floor, place, -state["rows"]))
    after = {"sum": float(total[-1]), "floor": float(floor[-1]), "rows": int(rows[-1])}
    return after, Excess(total - floor, rows)
