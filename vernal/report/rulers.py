"""Where values lie along an axis, and what is written beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Value = Any  # bool, int, float, str, None, or a list of such

MOST_OPTIONS = 12
MOST_POWERS = 7


@dataclass(frozen=True)
class Tick:
    """A mark beside an axis.

    Args:
        place: from 0, where the axis begins, to 1, where it ends.
        label: what is written there.
    """

    place: float
    label: str


@dataclass(frozen=True)
class Ruler:
    """An axis of numbers.

    Args:
        low: the number at its beginning.
        high: the number at its end.
        log: whether every order of magnitude takes the same room.
        whole: whether only whole numbers are marked.

    Examples:
        >>> ruler = Ruler(0.001, 0.1, log=True)
        >>> ruler.place(0.01), [tick.label for tick in ruler.ticks]
        (0.5, ['0.001', '0.01', '0.1'])
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @classmethod
    def over(cls, numbers: Sequence[float], best: float) -> Ruler:
        """An axis for what was measured: from the best to the worst, unless a few lie very far out.

        One trial that diverged shall not press all others into a line: what is more than twice as far from the best as
        four fifths of all are, lies beyond the end.

        Examples:
            >>> Ruler.over([1.0, 2.0, 2.0, 2.0, 3.0, 1e9], best=1.0)
            Ruler(low=1.0, high=5.0, log=False, whole=False)
        """
        distances = sorted(abs(number - best) for number in numbers)
        reach = 2 * distances[math.ceil(0.8 * (len(distances) - 1))] or math.inf
        return cls.spanning([max(min(numbers), best - reach), min(max(numbers), best + reach)])

    @classmethod
    def spanning(cls, numbers: Sequence[float]) -> Ruler:
        """An axis from the lowest to the highest; of some length even where these are the same.

        Examples:
            >>> Ruler.spanning([10.0, 10.0])
            Ruler(low=9.0, high=11.0, log=False, whole=False)
        """
        low, high = min(numbers), max(numbers)
        return cls(low, high) if low < high else cls(low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10)

    def place(self, value: Value) -> float | None:
        """Where a number lies, from 0 to 1; what is beyond an end lies at it. None for what is no number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        inside = min(max(value, self.low), self.high)
        low, high, here = map(math.log, (self.low, self.high, inside)) if self.log else (self.low, self.high, inside)
        return min(1.0, max(0.0, (here - low) / (high - low))) if high > low else 0.5

    def holds(self, value: float) -> bool:
        """Whether a number lies between the ends."""
        return self.low <= value <= self.high

    @property
    def ticks(self) -> list[Tick]:
        """Round numbers between the ends."""
        numbers = self._powers() if self.log else self._steps()
        return [Tick(place, f"{number:.10g}") for number in numbers if (place := self.place(number)) is not None]

    @property
    def labelled_ends(self) -> list[Tick]:
        """The ends, and those round numbers that leave them room."""
        if self.low == self.high:
            return [Tick(0.5, spelled(self.low))]
        between = [tick for tick in self.ticks if 0.12 < tick.place < 0.88]
        return [Tick(0.0, spelled(self.low)), *between, Tick(1.0, spelled(self.high))]

    def _steps(self) -> list[float]:
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        power = 10.0 ** math.floor(math.log10(span / 5))
        step = next(power * by for by in (1, 2, 5, 10) if power * by >= 0.999 * span / 5)
        step = max(step, 1.0) if self.whole else step
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [n * step + 0.0 for n in range(first, last + 1)]

    def _powers(self) -> list[float]:
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        every = 1 + max(0, last - first) // MOST_POWERS
        return [10.0**power for power in range(first, last + 1, every)]


@dataclass(frozen=True)
class Options:
    """An axis of options, each as far from the next.

    Args:
        options: these, from its beginning to its end.

    Examples:
        >>> Options(["er", "der", "lwf"]).place("lwf"), Options(["er"]).place("er"), Options(["er"]).place("ewc")
        (1.0, 0.5, None)
    """

    options: Sequence[Value]

    def place(self, value: Value) -> float | None:
        """Where an option lies, from 0 to 1; None for what is none."""
        for n, option in enumerate(self.options):
            if option == value and isinstance(option, bool) == isinstance(value, bool):
                return n / (len(self.options) - 1) if len(self.options) > 1 else 0.5
        return None

    @property
    def labelled_ends(self) -> list[Tick]:
        """The options, or some of them if they are many; the first and the last always."""
        last = len(self.options) - 1
        marks = min(last, MOST_OPTIONS - 1)
        shown = sorted({round(n * last / marks) for n in range(marks + 1)}) if marks else [0]
        return [Tick(n / last if last else 0.5, spelled(self.options[n])) for n in shown]


def ruler_of(one: Mapping[str, Any]) -> Ruler | Options:
    """The axis for a range, which comes as plain values, as an update stores it.

    Examples:
        >>> ruler_of({"kind": "real", "low": 0.1, "high": 1.0, "log": True, "step": None})
        Ruler(low=0.1, high=1.0, log=True, whole=False)
    """
    if one["kind"] == "choice":
        return Options(one["options"])
    return Ruler(one["low"], one["high"], one["log"], whole=one["kind"] == "whole")


def described(one: Mapping[str, Any]) -> str:
    """A range in words.

    Examples:
        >>> described({"kind": "real", "low": 0.001, "high": 0.1, "log": True, "step": None})
        '0.001 to 0.1, logarithmic'
        >>> described({"kind": "choice", "options": ["er", "der"], "when": {"depth": [1, 2]}})
        'er, der (if depth is 1 or 2)'
    """
    if one["kind"] == "choice":
        values = shortened(", ".join(map(spelled, one["options"])), 100)
    else:
        values = f"{spelled(one['low'])} to {spelled(one['high'])}" + (", logarithmic" if one["log"] else "")
    step = f" in steps of {spelled(one['step'])}" if one.get("step") else ""
    when = [f"{name} is {' or '.join(map(spelled, values))}" for name, values in one.get("when", {}).items()]
    return values + step + (f" (if {' and '.join(when)})" if when else "")


def spelled(value: Value) -> str:
    """A value as a report writes it: short, and in one line.

    Examples:
        >>> spelled(0.012345678), spelled(1e-05), spelled(3.0), spelled(["a", 2]), spelled(None)
        ('0.01235', '1e-05', '3', '(a, 2)', 'None')
    """
    if isinstance(value, float):
        return f"{value + 0.0:.4g}"
    if isinstance(value, list):
        return f"({', '.join(map(spelled, value))})"
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def shortened(text: str, most: int = 16) -> str:
    """A text that fits where there is little room: names that differ do so at the end as often as at the beginning.

    Examples:
        >>> shortened("regularisation_weight_2")
        'regularisa…ght_2'
    """
    tail = (most - 1) // 3
    return text if len(text) <= most else f"{text[: most - 1 - tail]}…{text[-tail:]}"
