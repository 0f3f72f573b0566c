"""What a gate is given: the answers of champion and challengers on the very same items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Scored:
    """What one version was found to do on every item.

    Args:
        version: its id.
        ids: ``(n,)`` what the items are known by, text; the same items in the same order for all of a case.
        scores: ``(n,)`` float64, how good the answer to each item is; more is better: 1 right and 0 wrong, or minus a
            loss. NaN where it could not be evaluated.
        predicted: ``(n, ...)`` the answers themselves, for metrics that are no mean over items; None if there are none.
        checks: what was measured of it beside its answers, by name: ``{"loads": True, "latency_ms": 3.1,
            "size_bytes": 80_000, "parity": 1e-7}``.
    """

    version: str
    ids: Array
    scores: Array
    predicted: Array | None = None
    checks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """All that a gate knows when it judges.

    Args:
        champion: the version in production; None if there is none yet. One that could not be evaluated is no reason to
            take the first that comes: give it with NaN scores.
        challengers: those that want its place; one or more.
        anchor: the best champion there ever was, kept against slow decay over many approvals; None if that is the
            champion itself.
        y: ``(n,)`` or ``(n, ...)`` the targets; None if no metric asks for them.
        chunks: ``(n,)`` int64, the number of the chunk that each item came with, for the forgetting budget.
        new: number of the newest chunk; what came before is what can be forgotten.
        slices: ``(n,)`` bool by name, the groups of items that must not lose out.
        looks: how many times these items have been used to judge before.
    """

    champion: Scored | None
    challengers: Sequence[Scored]
    anchor: Scored | None = None
    y: Array | None = None
    chunks: Array | None = None
    new: int | None = None
    slices: Mapping[str, Array] = field(default_factory=dict)
    looks: int = 0
