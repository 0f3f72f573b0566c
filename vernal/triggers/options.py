"""What updating and keeping are expected to cost: the evidence that every cost-aware trigger gives."""

from __future__ import annotations

from typing import Any, NamedTuple

from vernal.triggers.trigger import Facts, Settled


class Option(NamedTuple):
    """An expected cost in the user's unit, and its interval."""

    cost: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """The option as plain values."""
        return {"cost": self.cost, "interval": [self.low, self.high]}


def price(own: float | None, facts: Facts) -> float | None:
    """What an update costs: as the user said, else as it was measured; None if nobody knows yet."""
    return facts.cost if own is None else own


def charge(own: float | None, settled: Settled) -> float:
    """What an attempt has cost: as it was measured, else as the user said."""
    return settled.cost or own or 0.0


UNKNOWN = "What an update costs is not known yet. Give the trigger a `cost`, or make a first update by hand."
