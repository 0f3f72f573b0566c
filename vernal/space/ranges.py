"""One range: the values that a hyperparameter may take."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from vernal.base import ConfigError

Value = Any  # bool, int, float, str, None, or a tuple of such


@dataclass(frozen=True)
class Range(ABC):
    """The values that one hyperparameter may take.

    Args:
        when: for names of other hyperparameters, the values under which this one exists at all; empty for always.
    """

    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict, kw_only=True)

    @abstractmethod
    def __contains__(self, value: object) -> bool: ...

    @property
    @abstractmethod
    def middle(self) -> Value:
        """A value in the middle; of options, the first."""

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Value:
        """A value at random."""

    @property
    @abstractmethod
    def ends(self) -> tuple[Value, ...]:
        """The values at its ends; all of them, where they are not numbers."""

    def only_if(self, **conditions: Value | Sequence[Value]) -> Self:
        """The same range, that exists only where other hyperparameters have certain values.

        Examples:
            >>> uniform(0.5, 0.99).only_if(optimizer="SGD").when
            {'optimizer': ('SGD',)}
        """
        when = {name: tuple(v) if isinstance(v, list | tuple) else (v,) for name, v in conditions.items()}
        return replace(self, when={**self.when, **when})


@dataclass(frozen=True)
class Real(Range):
    """A decimal number from `low` to `high`, both included.

    Args:
        low: the smallest.
        high: the largest.
        log: whether every order of magnitude counts the same.
        step: the distance between two values; None for any value in between.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        _check_bounds(self, self.low, self.high, self.log)
        if self.step is not None and (self.log or not 0 < self.step <= self.high - self.low):
            raise ConfigError(
                f"`step` of {self} must be above 0 and at most {self.high - self.low:g}, in a range that is not "
                "logarithmic."
            )
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high

    @property
    def middle(self) -> float:
        """The mean of the ends, the geometric one of a logarithmic range."""
        middle = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        return self._on_grid(middle)

    def sample(self, rng: np.random.Generator) -> float:
        """A value at random."""
        if self.log:
            return min(max(math.exp(rng.uniform(math.log(self.low), math.log(self.high))), self.low), self.high)
        return self._on_grid(float(rng.uniform(self.low, self.high)))

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return self.low, self.high

    def _on_grid(self, value: float) -> float:
        if self.step is None:
            return value
        return min(self.low + self.step * round((value - self.low) / self.step), self.high)

    def __str__(self) -> str:
        name = "loguniform" if self.log else "uniform"
        return f"{name}({self.low:g}, {self.high:g}" + (f", step={self.step:g})" if self.step else ")")


@dataclass(frozen=True)
class Whole(Range):
    """A whole number from `low` to `high`, both included.

    Args:
        low: the smallest.
        high: the largest.
        log: whether every order of magnitude counts the same.
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _check_bounds(self, self.low, self.high, self.log)
        if self.low != int(self.low) or self.high != int(self.high):
            raise ConfigError(f"The ends of {self} must be whole numbers.")
        object.__setattr__(self, "low", int(self.low))
        object.__setattr__(self, "high", int(self.high))

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    @property
    def middle(self) -> int:
        """The mean of the ends, the geometric one of a logarithmic range."""
        return round(math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2)

    def sample(self, rng: np.random.Generator) -> int:
        """A value at random."""
        if not self.log:
            return int(rng.integers(self.low, self.high, endpoint=True))
        # Every whole number gets the share of the scale that rounds to it.
        value = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return min(max(round(value), self.low), self.high)

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest value."""
        return self.low, self.high

    def __str__(self) -> str:
        return f"{'lograndint' if self.log else 'randint'}({self.low}, {self.high})"


@dataclass(frozen=True)
class Choice(Range):
    """One of several options, which may be anything plain: text, numbers, tuples, None.

    Args:
        options: these.
    """

    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise ConfigError("A `choice` needs at least one option.")
        if len({repr(option) for option in self.options}) < len(self.options):
            raise ConfigError(f"{self} names an option twice. Name each once.")

    def __contains__(self, value: object) -> bool:
        return any(value == option and type(value) is type(option) for option in self.options)

    @property
    def middle(self) -> Value:
        """The first option."""
        return self.options[0]

    def sample(self, rng: np.random.Generator) -> Value:
        """An option at random."""
        return self.options[int(rng.integers(len(self.options)))]

    @property
    def ends(self) -> tuple[Value, ...]:
        """All options."""
        return self.options

    def __str__(self) -> str:
        return f"choice({', '.join(map(str, self.options))})"


def uniform(low: float, high: float, step: float | None = None) -> Real:
    """A decimal number between two, every one as likely; a multiple of `step` above `low`, if there is one.

    Examples:
        >>> str(uniform(0, 1))
        'uniform(0, 1)'
    """
    return Real(low, high, step=step)


def loguniform(low: float, high: float) -> Real:
    """A decimal number between two, every order of magnitude as likely: for learning rates and weights.

    Examples:
        >>> round(loguniform(0.01, 1).middle, 6)
        0.1
    """
    return Real(low, high, log=True)


def randint(low: int, high: int) -> Whole:
    """A whole number from `low` to `high`, both included.

    Examples:
        >>> 3 in randint(1, 3)
        True
    """
    return Whole(low, high)


def lograndint(low: int, high: int) -> Whole:
    """A whole number from `low` to `high`, both included, every order of magnitude as likely.

    Examples:
        >>> lograndint(1, 100).middle
        10
    """
    return Whole(low, high, log=True)


def choice(*options: Value) -> Choice:
    """One of several options; they may be given as a list, too.

    Examples:
        >>> choice("SGD", "Adam") == choice(["SGD", "Adam"])
        True
    """
    if len(options) == 1 and isinstance(options[0], list | tuple):
        options = tuple(options[0])
    return Choice(tuple(tuple(option) if isinstance(option, list) else option for option in options))


def _check_bounds(what: Range, low: float, high: float, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ConfigError(f"{what} needs two finite numbers, the smaller one first. For one value, give the value.")
    if log and low <= 0:
        raise ConfigError(f"{what} is logarithmic, so it must begin above 0, got {low:g}.")
