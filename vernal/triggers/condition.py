"""What is wrong with a metric, as text."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Self

from vernal.base import ConfigError
from vernal.triggers.interval import Interval

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_FORM = re.compile(rf"\s*([A-Za-z_][\w.]*)\s*([<>])\s*(?:(champion)\s*(?=[-+]))?([-+]?)\s*({_NUMBER})\s*")


@dataclass(frozen=True)
class Condition:
    """A metric on the wrong side of a level; the level itself is not.

    Args:
        name: of the metric.
        below: whether the wrong side is below the level, or above it.
        level: a number of the metric.
        relative: whether the level is a difference from the champion at its making.

    Examples:
        >>> Condition.parse("correct < champion - 0.02")
        Condition(name='correct', below=True, level=-0.02, relative=True)
    """

    name: str
    below: bool
    level: float
    relative: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"ctr < 0.0191"``, ``"loss > champion + 0.1"``.

        Raises:
            ConfigError: it is written otherwise.
        """
        match = _FORM.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise ConfigError(
                f"{text!r} is no condition. Write a metric, < or > and a level, e.g. 'ctr < 0.0191',"
                " or a difference, e.g. 'correct < champion - 0.02'. The level itself is on the right side."
            )
        name, sign, champion, minus, number = match.groups()
        return cls(name, sign == "<", float(minus + number), champion is not None)

    def is_true_of(self, measured: Interval) -> bool:
        """Whether the whole of an interval is on the wrong side."""
        end = measured.high if self.below else measured.low
        beyond = end < self.level if self.below else end > self.level
        return beyond and not _same(end, self.level)

    def is_over(self, measured: float, hysteresis: float) -> bool:
        """Whether a metric that was on the wrong side is back, and as far on the right side as is asked for."""
        level = self.level + (hysteresis if self.below else -hysteresis)
        beyond = measured > level if self.below else measured < level
        return beyond or _same(measured, level)


def _same(value: float, level: float) -> bool:
    """Whether two numbers are the same but for rounding: the level itself is on the right side."""
    return math.isclose(value, level, rel_tol=1e-9, abs_tol=1e-12)
