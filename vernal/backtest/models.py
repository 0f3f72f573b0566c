"""The models of a backtest: what one policy has trained, another need not train again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from vernal.base import Clock
from vernal.config import Plan
from vernal.loop import Learner
from vernal.store import Store
from vernal.training import Reporter
from vernal.transaction import Result

Key = tuple[tuple[str, ...], str | None]


@dataclass
class Shared:
    """What all policies of a backtest have in common.

    Args:
        results: the updates by what determines them: the files, and what they start from.
        scores: how good a version is on a chunk, by version and files: the mean, and how many rows.
        trained: how many updates were trained.
        reused: how many were asked for again, and were there.
    """

    results: dict[Key, Result] = field(default_factory=dict)
    scores: dict[tuple[str, tuple[str, ...]], tuple[float, int]] = field(default_factory=dict)
    trained: int = 0
    reused: int = 0


class Models(Learner):
    """A learner that trains nothing twice.

    An update from scratch is determined by its data, so stateless policies that come to the same data share it. One
    that goes on from a champion is shared by policies that have come to the same champion, and that is all: what a
    stateful policy would have been worth, only its own replay tells.
    """

    def __init__(self, plan: Plan, store: Store, role: str, shared: Shared, reporter: Reporter, clock: Clock) -> None:
        super().__init__(plan, store, role, reporter, clock)
        self.shared = shared

    def update(self, files: Sequence[str], parent: str | None, scratch: bool) -> Result:
        """Learn rows, or find that it was done before."""
        key = (tuple(files), None if scratch else parent)
        if key in self.shared.results:
            self.shared.reused += 1
            return self.shared.results[key]
        result = super().update(files, parent, scratch)
        # An update of an earlier run of this backtest lies in the store.
        self.shared.reused += result.repeated
        self.shared.trained += not result.repeated
        return self.shared.results.setdefault(key, result)

    def score(self, files: Sequence[str], version: str) -> tuple[float, int]:
        """How good a version is on rows that it has not learned: the share that is right, or minus the mean loss."""
        key = (version, tuple(files))
        if key not in self.shared.scores:
            seen = self.observe(files, version, ("correct", "loss"), 0.0)
            right = seen.values.get("correct")
            scores = -seen.values["loss"][:, 1] if right is None else right[:, 1]
            self.shared.scores[key] = (float(np.mean(scores)), len(scores))
        return self.shared.scores[key]
