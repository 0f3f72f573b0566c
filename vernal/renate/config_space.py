"""Ranges under the names of Syne Tune, with which Renate's users wrote them; ``syne_tune.config_space`` of old.

What these functions give are vernal's own ranges. Real objects of Syne Tune's may stand in a configuration space, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, Never

from vernal.base import ConfigError
from vernal.space import Choice, Range, Real, Value, Whole, lograndint, loguniform, randint, uniform
from vernal.space import choice as one_of

__all__ = [
    "choice",
    "finrange",
    "logfinrange",
    "lograndint",
    "logordinal",
    "loguniform",
    "ordinal",
    "qrandint",
    "quniform",
    "randint",
    "uniform",
]

INSTEAD = {
    "qloguniform": "loguniform without the rounding, or a `choice` of the values",
    "qlograndint": "lograndint without the rounding, or a `choice` of the values",
    "reverseloguniform": "loguniform, and take 1 minus the value in your function; or a `choice` of values",
    "randn": "uniform, from the mean minus twice the deviation to the mean plus twice the deviation",
}


def __getattr__(name: str) -> Never:
    if name in INSTEAD:
        raise no_such(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def no_such(name: str) -> ConfigError:
    """What to say of a range of Syne Tune's that vernal does not have."""
    return ConfigError(f"There is no `{name}` here. Write {INSTEAD[name]}.")


def choice(categories: Sequence[Value]) -> Choice:
    """One of several values.

    Examples:
        >>> str(choice(["SGD", "Adam"]))
        'choice(SGD, Adam)'
    """
    return one_of(list(categories))


def quniform(lower: float, upper: float, q: float) -> Real:
    """A decimal number from `lower` to `upper` in steps of `q`.

    Examples:
        >>> str(quniform(0, 1, 0.25))
        'uniform(0, 1, step=0.25)'
    """
    return uniform(lower, upper, step=q)


def qrandint(lower: int, upper: int, q: int = 1) -> Range:
    """A whole number from `lower` to `upper` that `q` divides.

    Examples:
        >>> str(qrandint(8, 32, 8)), str(qrandint(1, 3))
        ('choice(8, 16, 24, 32)', 'randint(1, 3)')
    """
    return one_of_numbers([*range(q * math.ceil(lower / q), upper + 1, q)])


def ordinal(categories: Sequence[Value], kind: Literal["equal", "nn", "nn-log"] | None = None) -> Range:  # noqa: ARG001
    """One of several values that have an order; all are as likely, whatever the `kind`.

    Examples:
        >>> str(ordinal([32, 64, 256])), str(ordinal([0.0, 0.1, 0.2]))
        ('choice(32, 64, 256)', 'uniform(0, 0.2, step=0.1)')
    """
    return one_of_numbers(list(categories))


def logordinal(categories: Sequence[Value]) -> Range:
    """One of several numbers that have an order; all are as likely.

    Examples:
        >>> str(logordinal([0.001, 0.01, 0.1]))
        'choice(0.001, 0.01, 0.1)'
    """
    return one_of_numbers(list(categories))


def finrange(lower: float, upper: float, size: int, cast_int: bool = False) -> Range:
    """One of `size` numbers from `lower` to `upper`, in equal steps.

    Examples:
        >>> str(finrange(0.1, 0.5, 5)), str(finrange(8, 32, 4, cast_int=True))
        ('uniform(0.1, 0.5, step=0.1)', 'choice(8, 16, 24, 32)')
    """
    step = (upper - lower) / max(size - 1, 1)
    return _finite([lower + place * step for place in range(size)], upper, cast_int)


def logfinrange(lower: float, upper: float, size: int, cast_int: bool = False) -> Range:
    """One of `size` numbers from `lower` to `upper`, in equal steps of their logarithms.

    Examples:
        >>> str(logfinrange(16, 128, 4, cast_int=True))
        'choice(16, 32, 64, 128)'
    """
    factor = (upper / lower) ** (1 / max(size - 1, 1))
    return _finite([lower * factor**place for place in range(size)], upper, cast_int)


def _finite(values: list[float], upper: float, cast_int: bool) -> Range:
    """The numbers with the last one where it was asked for, and without the noise of computing them."""
    near = [float(f"{min(value, upper):.12g}") for value in values]
    return one_of_numbers([round(value) for value in near] if cast_int else near)


def one_of_numbers(values: list[Value]) -> Range:
    """Some values as a range with an order, where vernal has one that holds just these; else as a choice.

    Examples:
        >>> str(one_of_numbers([1, 2, 3])), str(one_of_numbers([1, 2, 4]))
        ('randint(1, 3)', 'choice(1, 2, 4)')
    """
    kinds = {type(value) for value in values}
    if len(values) > 2 and kinds == {int} and values == [*range(values[0], values[-1] + 1)]:
        return Whole(values[0], values[-1])
    if len(values) > 2 and kinds == {float} and values[0] < values[1]:
        even = Real(values[0], values[-1], step=float(f"{values[1] - values[0]:.12g}"))
        if [even.at(place) for place in range(even.steps + 1)] == values:
            return even
    return one_of(values)
