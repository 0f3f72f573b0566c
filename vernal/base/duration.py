"""Durations of training with units: epochs, optimiser steps, samples, minutes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Self

from vernal.base.errors import ConfigError

UNITS = {"ep": "epochs", "st": "steps", "sa": "samples", "min": "minutes"}
_SPELLINGS = {
    "ep": "ep", "epoch": "ep", "epochs": "ep",
    "st": "st", "step": "st", "steps": "st",
    "sa": "sa", "sample": "sa", "samples": "sa",
    "min": "min", "minute": "min", "minutes": "min",
}  # fmt: skip
_FORM = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Progress:
    """How far a training has come, in every unit at once."""

    epochs: int = 0
    steps: int = 0
    samples: int = 0
    minutes: float = 0.0


@dataclass(frozen=True)
class Duration:
    """An amount of training: ``"5ep"``, ``"2000st"``, ``"100000sa"``, ``"30min"``.

    Args:
        amount: how many, at least 0; whole except for minutes.
        unit: ``ep`` (epochs), ``st`` (optimiser steps), ``sa`` (samples of new data), ``min``.

    Examples:
        >>> Duration.parse("5 epochs")
        Duration(amount=5, unit='ep')
        >>> str(Duration.parse("1.5min"))
        '1.5min'
        >>> Duration.parse("5ep").share_done(Progress(epochs=2))
        0.4
        >>> Duration.parse("5")
        Traceback (most recent call last):
        ...
        vernal.base.errors.ConfigError: '5' is not a duration. Write a number and a unit, one of \
ep (epochs), st (steps), sa (samples), min (minutes), e.g. '5ep' or '30min'.
    """

    amount: float
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ConfigError(f"{self.unit!r} is not a unit of training. Use one of {_units()}.")
        if self.amount < 0 or (self.unit != "min" and self.amount != int(self.amount)):
            raise ConfigError(
                f"A duration must be a whole number of {UNITS[self.unit]}, at least 0, got {self.amount}."
            )

    @classmethod
    def parse(cls, text: str | Self) -> Self:
        """Read ``"5ep"``, ``"5 epochs"``, ``"1.5min"``; a duration is returned as it is."""
        if isinstance(text, cls):
            return text
        match = _FORM.fullmatch(str(text))
        unit = _SPELLINGS.get(match[2].lower()) if match else None
        if match is None or unit is None:
            raise ConfigError(
                f"{str(text)!r} is not a duration. Write a number and a unit, one of {_units()}, e.g. '5ep' or '30min'."
            )
        amount = float(match[1])
        return cls(int(amount) if amount == int(amount) else amount, unit)

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    def part(self, share: float) -> Duration:
        """A share of this duration, in whole units, and at least one.

        Examples:
            >>> Duration.parse("5ep").part(0.5)
            Duration(amount=3, unit='ep')
        """
        if share == 1:
            return self
        amount = self.amount * share
        return Duration(amount if self.unit == "min" else max(1, _rounded(amount)), self.unit)

    def share_done(self, progress: Progress) -> float:
        """The share of this duration that lies behind, from 0 to 1."""
        done = getattr(progress, UNITS[self.unit])
        return 1.0 if done >= self.amount else float(done / self.amount)


def _rounded(value: float) -> int:
    """The nearest whole number; of two that are equally near, the larger."""
    return math.floor(value + 0.5)


def _units() -> str:
    return ", ".join(f"{short} ({long})" for short, long in UNITS.items())
