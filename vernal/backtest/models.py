"""The models of a backtest: what one policy has trained, another need not train again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from vernal.base import Clock, DataError
from vernal.config import Plan, resolve
from vernal.loop import Learner
from vernal.store import Store
from vernal.training import Reporter
from vernal.transaction import Observation, Result, read_data

Array = np.ndarray[Any, Any]
Key = tuple[tuple[str, ...], str | None]
ACCURACY, LOSS = "accuracy", "loss"
VALUES = frozenset({"correct", "loss"})


class Measured(NamedTuple):
    """How good a version is on rows that it has not learned.

    Args:
        metric: what is measured: ``"accuracy"``, or ``"loss"`` where there is no right and wrong.
        error: what is lost on a row, on average: the share of wrong answers, or the loss.
        rows: how many rows.
    """

    metric: str
    error: float
    rows: int

    @property
    def score(self) -> float:
        """More is better: the share of right answers, or minus the loss."""
        return 1 - self.error if self.metric == ACCURACY else -self.error


@dataclass
class Shared:
    """What all policies of a backtest have in common.

    Args:
        results: the updates by what determines them: the files, and what they start from.
        measured: how good a version is on a chunk, by version and files.
        trained: how many updates were trained.
        reused: how many were asked for again, and were there.
    """

    results: dict[Key, Result] = field(default_factory=dict)
    measured: dict[tuple[str, tuple[str, ...]], Measured] = field(default_factory=dict)
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
        self._latest: tuple[object, Observation] | None = None

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

    def check(self, files: Sequence[str]) -> None:
        """Let the config file read rows.

        Raises:
            DataError: it cannot.
        """
        read_data(resolve(self._on(files)), lambda prepare: prepare())

    def observe(self, files: Sequence[str], version: str, needs: Collection[str], now: float) -> Observation:
        """What a version makes of rows. A chunk that was just measured is what the loop looks at next."""
        if not VALUES.issuperset(needs):
            return super().observe(files, version, needs, now)
        key = (version, tuple(files), now)
        if self._latest is None or self._latest[0] != key:
            self._latest = key, super().observe(files, version, VALUES, now)
        seen = self._latest[1]
        return replace(seen, values={name: of_rows for name, of_rows in seen.values.items() if name in needs})

    def measure(self, files: Sequence[str], version: str) -> Measured:
        """How good a version is on rows that it has not learned.

        Raises:
            DataError: its loss there is no number.
        """
        key = (version, tuple(files))
        if key not in self.shared.measured:
            values = self.observe(files, version, VALUES, self._clock.now().timestamp()).values
            self.shared.measured[key] = _measured({name: of_rows[:, 1] for name, of_rows in values.items()})
        return self.shared.measured[key]


def _measured(values: Mapping[str, Array]) -> Measured:
    right, losses = values.get("correct"), values["loss"]
    if right is None and not np.isfinite(losses).all():
        raise DataError(
            f"The loss is no number on {int((~np.isfinite(losses)).sum())} of {len(losses)} rows. Leave out rows with "
            "missing values, or fill them in."
        )
    if right is None:
        return Measured(LOSS, float(losses.mean()), len(losses))
    return Measured(ACCURACY, float(1 - right.mean()), len(right))
