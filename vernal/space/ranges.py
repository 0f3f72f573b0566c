"""One range: the values that a hyperparameter may take."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from numbers import Integral
from numbers import Real as Number
from typing import Any, Self

import numpy as np

from vernal.base import ConfigError
from vernal.space.values import Value, plain_value, same

_LARGEST = 2**53  # Up to which a float, and so any search library, holds every whole number.
_MOST_STEPS = 10**6  # Beyond, a step is no step.


@dataclass(frozen=True)
class Range(ABC):
    """The values that one hyperparameter may take.

    Args:
        when: for names of other hyperparameters, the values under which this one exists at all; empty for always.
    """

    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict, kw_only=True, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "when", {name: plain_value(values) for name, values in self.when.items()})
        for name, values in self.when.items():
            if not isinstance(values, tuple) or not values:
                raise ConfigError(f"The condition on {name!r} must list at least one value, got {values!r}.")

    @abstractmethod
    def __contains__(self, value: object) -> bool: ...

    @abstractmethod
    def plain(self, value: Value) -> Value:
        """One of its values, as it is written down: Python's own number for NumPy's, 1.0 for 1 in a decimal range."""

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

    @abstractmethod
    def options_up_to(self, most: int) -> Sequence[Value] | None:
        """All values; None if there are more than so many."""

    def only_if(self, **conditions: Value | Sequence[Value]) -> Self:
        """The same range, that exists only where other hyperparameters have certain values.

        Args:
            conditions: for each name, a value or a list of values. A value that is a tuple itself goes into a list.

        Examples:
            >>> uniform(0.5, 0.99).only_if(optimizer="SGD").when
            {'optimizer': ('SGD',)}
        """
        when = {name: tuple(v) if isinstance(v, list | tuple) else (v,) for name, v in conditions.items()}
        return replace(self, when={**self.when, **when})

    def exists(self, config: Mapping[str, Value]) -> bool:
        """Whether a configuration fulfils the conditions.

        Examples:
            >>> uniform(0.5, 0.99).only_if(optimizer="SGD").exists({"optimizer": "Adam"})
            False
        """
        return all(
            name in config and any(same(config[name], value) for value in values) for name, values in self.when.items()
        )


@dataclass(frozen=True)
class Real(Range):
    """A decimal number from `low` to `high`, both included.

    Args:
        low: the smallest.
        high: the largest; with a step, lowered to the last value that the steps reach.
        log: whether every order of magnitude counts the same.
        step: the distance between two values; None for any value in between.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = _check_bounds(self._name, self.low, self.high, self.log)
        object.__setattr__(self, "low", float(low))
        object.__setattr__(self, "high", float(high))
        if self.step is not None:
            self._check_step(self.step)
            object.__setattr__(self, "step", float(self.step))
            object.__setattr__(self, "high", self.at(self.steps))

    def __contains__(self, value: Any) -> bool:
        if not _is_number(value) or not self.low <= value <= self.high:
            return False
        return self.step is None or abs(value - self.plain(value)) <= 1e-9 * self.step

    def plain(self, value: Value) -> float:
        """A float; with a step, exactly the one that is reached."""
        return float(value) if self.step is None else self.at(self.place(value))

    @property
    def steps(self) -> int:
        """How many steps lead from `low` to `high`; 0 where there is no `step`."""
        if self.step is None:
            return 0
        # A little more, as the highest value may have been rounded down to a float.
        return math.floor((_decimal(self.high) - _decimal(self.low)) / _decimal(self.step) + Decimal("1e-6"))

    def at(self, place: int) -> float:
        """The value after some steps, free of rounding: 0.3 after three steps of 0.1."""
        return float(_decimal(self.low) + place * _decimal(self.step or 0.0))

    def place(self, value: float) -> int:
        """After how many steps a value comes, or the one next to it."""
        return 0 if self.step is None else round((value - self.low) / self.step)

    @property
    def middle(self) -> float:
        """The mean of the ends, the geometric one of a logarithmic range; with a step, a value next to it."""
        if self.step is not None:
            return self.at(self.steps // 2)
        middle = math.sqrt(self.low) * math.sqrt(self.high) if self.log else self.low + (self.high - self.low) / 2
        return min(max(middle, self.low), self.high)

    def sample(self, rng: np.random.Generator) -> float:
        """A value at random."""
        if self.step is not None:
            return self.at(int(rng.integers(self.steps, endpoint=True)))
        if self.log:
            return min(max(math.exp(rng.uniform(math.log(self.low), math.log(self.high))), self.low), self.high)
        return float(rng.uniform(self.low, self.high))

    def options_up_to(self, most: int) -> Sequence[float] | None:
        """All values of a range with steps."""
        count = self.steps + 1
        return None if self.step is None or count > most else [self.at(place) for place in range(count)]

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return self.low, self.high

    @property
    def _name(self) -> str:
        return "loguniform" if self.log else "uniform"

    def _check_step(self, step: float) -> None:
        width = self.high - self.low
        if not _is_number(step) or self.log or not width / _MOST_STEPS <= step <= width:
            raise ConfigError(
                f"`step` of {self._name}({_number(self.low)}, {_number(self.high)}) must be above 0 and at most "
                f"{_number(width)}, at least a millionth of it, in a range that is not logarithmic, got {step!r}."
            )

    def __str__(self) -> str:
        step = "" if self.step is None else f", step={_number(self.step)}"
        return f"{self._name}({_number(self.low)}, {_number(self.high)}{step})" + _conditions(self)


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
        super().__post_init__()
        low, high = _check_bounds(self._name, self.low, self.high, self.log)
        if low != int(low) or high != int(high) or max(abs(low), abs(high)) > _LARGEST:
            raise ConfigError(f"The ends of {self._name}({low!r}, {high!r}) must be whole numbers of at most 2**53.")
        object.__setattr__(self, "low", int(low))
        object.__setattr__(self, "high", int(high))

    def __contains__(self, value: object) -> bool:
        return _is_number(value) and isinstance(value, Integral) and self.low <= int(value) <= self.high

    def plain(self, value: Value) -> int:
        """An int."""
        return int(value)

    @property
    def middle(self) -> int:
        """The mean of the ends, the geometric one of a logarithmic range."""
        if not self.log:
            return (self.low + self.high) // 2
        return min(max(round(math.sqrt(self.low) * math.sqrt(self.high)), self.low), self.high)

    def sample(self, rng: np.random.Generator) -> int:
        """A value at random."""
        if not self.log:
            return int(rng.integers(self.low, self.high, endpoint=True))
        # Every whole number gets the share of the scale that rounds to it.
        value = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return min(max(round(value), self.low), self.high)

    def options_up_to(self, most: int) -> Sequence[int] | None:
        """All whole numbers of the range."""
        return None if self.high - self.low >= most else range(self.low, self.high + 1)

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest value."""
        return self.low, self.high

    @property
    def _name(self) -> str:
        return "lograndint" if self.log else "randint"

    def __str__(self) -> str:
        return f"{self._name}({self.low}, {self.high})" + _conditions(self)


@dataclass(frozen=True)
class Choice(Range):
    """One of several options, which may be anything plain: text, numbers, tuples, None.

    Args:
        options: these.
    """

    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "options", plain_value(tuple(self.options)))
        if not self.options:
            raise ConfigError("A `choice` needs at least one option.")
        for place, option in enumerate(self.options):
            if any(same(option, other) for other in self.options[:place]):
                raise ConfigError(f"{self} names an option twice: {option!r}. Name each once.")

    def __contains__(self, value: object) -> bool:
        return any(same(value, option) for option in self.options)

    def plain(self, value: Value) -> Value:
        """The option itself."""
        return next(option for option in self.options if same(value, option))

    @property
    def middle(self) -> Value:
        """The first option."""
        return self.options[0]

    def sample(self, rng: np.random.Generator) -> Value:
        """An option at random."""
        return self.options[int(rng.integers(len(self.options)))]

    def options_up_to(self, most: int) -> Sequence[Value] | None:
        """The options."""
        return None if len(self.options) > most else self.options

    @property
    def ends(self) -> tuple[Value, ...]:
        """All options."""
        return self.options

    def __str__(self) -> str:
        options = ", ".join(map(_word, self.options))
        if len(self.options) == 1 and isinstance(self.options[0], tuple):
            options = f"[{options}]"  # Without, the tuple would be that of the options.
        return f"choice({options})" + _conditions(self)


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
    return Choice(options)


def _check_bounds(name: str, low: Any, high: Any, log: bool) -> tuple[Any, Any]:
    """The ends as Python's own numbers."""
    what = f"{name}({low!r}, {high!r})"
    if not (_is_number(low) and _is_number(high) and low < high and math.isfinite(float(high) - float(low))):
        raise ConfigError(f"{what} needs two finite numbers, the smaller one first. For one value, give the value.")
    if log and low <= 0:
        raise ConfigError(f"{what} is logarithmic, so it must begin above 0, got {low!r}.")
    return plain_value(low), plain_value(high)


def _is_number(value: Any) -> bool:
    """Whether a value is a number that a float can hold; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, Number):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _decimal(number: float) -> Decimal:
    """A number as it is written, so that steps of 0.1 add up."""
    return Decimal(repr(float(number)))


def _number(number: float) -> str:
    """A number as short as it can be without becoming another one."""
    return str(int(number)) if number == int(number) and abs(number) < 1e6 else repr(float(number))


def _word(value: Value) -> str:
    """A value as it is written in text: words without quotes, where they cannot be taken for anything else."""
    is_word = isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w.:/+-]*", value)
    return str(value) if is_word and value not in ("True", "False", "None", "and", "if") else repr(value)


def _conditions(one: Range) -> str:
    """The conditions of a range as text, with the word in front."""
    conditions = [f"{name}={'|'.join(map(_word, values))}" for name, values in one.when.items()]
    return f" if {' and '.join(conditions)}" if conditions else ""
