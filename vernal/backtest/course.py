"""How it went with one policy, chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from vernal.backtest.models import Measured
from vernal.loop import PROMOTED, Turn
from vernal.transaction import Result


@dataclass(frozen=True)
class Lived:
    """One chunk under one policy.

    Args:
        number: of the chunk, from 0.
        champion: the version that answered it, before it learned any of it.
        score: how good it was: the share that was right, or minus the mean loss.
        error: what it lost on a row, on average: the share that was wrong, or the loss.
        rows: how many rows.
        outcome: what the turn after it came to.
        why: what decided.
        updates: the updates that were made then.
        seconds: how long their trainings took, whenever they were done.
    """

    number: int
    champion: str
    score: float
    error: float
    rows: int
    outcome: str
    why: str
    updates: tuple[str, ...]
    seconds: float

    @classmethod
    def of(cls, number: int, champion: str, measured: Measured, turn: Turn) -> Self:
        """A turn of a loop, and what the champion before it was worth."""
        made: Sequence[Result] = turn.challengers
        seconds = sum(float(one.costs["total_seconds"]) for one in made)
        quality = (measured.score, measured.error, measured.rows)
        return cls(number, champion, *quality, turn.outcome, _why(turn), tuple(one.id for one in made), seconds)


@dataclass(frozen=True)
class Course:
    """All chunks under one policy, the first one excepted, from which every policy has the same first model.

    Args:
        name: of the policy.
        chunks: one after the other.
    """

    name: str
    chunks: Sequence[Lived] = field(default_factory=list)

    @property
    def score(self) -> float:
        """The mean over all rows."""
        return float(np.average([one.score for one in self.chunks], weights=[one.rows for one in self.chunks]))

    @property
    def updates(self) -> int:
        """How many updates were trained, promoted or not."""
        return sum(len(one.updates) for one in self.chunks)

    @property
    def promoted(self) -> int:
        """How many turns put another model into production."""
        return sum(one.outcome == PROMOTED for one in self.chunks)

    @property
    def seconds(self) -> float:
        """What all trainings took."""
        return sum(one.seconds for one in self.chunks)

    @property
    def mistakes(self) -> float:
        """All that was lost on all rows: wrong answers, or the sum of losses."""
        return float(sum(one.error * one.rows for one in self.chunks))

    def cost(self, update_cost: float) -> float:
        """Mistakes, and updates at the price of so many mistakes each."""
        return self.mistakes + update_cost * self.updates

    def to_json(self) -> Mapping[str, Any]:
        """The course as plain values."""
        told = ("score", "updates", "promoted", "seconds", "mistakes")
        return {"name": self.name, "chunks": [vars(one) | {"updates": [*one.updates]} for one in self.chunks]} | {
            n: getattr(self, n) for n in told
        }


def _why(turn: Turn) -> str:
    """What the decision says that the outcome of a turn came from: of a gate if there was one, else the last."""
    said = [one.why for one in turn.decisions]
    judged = [one.why for one in turn.decisions if one.kind == "gate"]
    return (judged or said or [""])[-1]
