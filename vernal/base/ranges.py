"""One sentence for every number that is out of range."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from vernal.base.errors import ConfigError


def check_range(name: str, value: Any, minimum: float, maximum: float | None = None, hint: str = "") -> None:
    """Demand a number in a closed range.

    Args:
        name: of the argument.
        value: what was given; NumPy's numbers are numbers, True and False are not.
        minimum: the smallest allowed value.
        maximum: the largest allowed value; None for no bound.
        hint: what to do instead.

    Raises:
        ConfigError: it is not a number in the range.

    Examples:
        >>> check_range("alpha", -1, 0)
        Traceback (most recent call last):
        ...
        vernal.base.errors.ConfigError: `alpha` must be at least 0, got -1.
    """
    allowed = f"at least {minimum}" if maximum is None else f"between {minimum} and {maximum}"
    is_number = not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    inside = is_number and minimum <= value and (maximum is None or value <= maximum)
    if not inside:
        raise ConfigError(f"`{name}` must be {allowed}, got {value!r}." + (f" {hint}" if hint else ""))


def check_whole(name: str, value: Any, minimum: int, hint: str = "") -> None:
    """Demand a whole number in a range that has no upper end.

    Args:
        name: of the argument.
        value: what was given.
        minimum: the smallest allowed value.
        hint: what to do instead.

    Raises:
        ConfigError: it is not a whole number in the range.

    Examples:
        >>> check_whole("memory_size", 2.5, 1)
        Traceback (most recent call last):
        ...
        vernal.base.errors.ConfigError: `memory_size` must be a whole number, got 2.5.
    """
    check_range(name, value, minimum, hint=hint)
    if not isinstance(value, Integral):
        raise ConfigError(f"`{name}` must be a whole number, got {value!r}." + (f" {hint}" if hint else ""))
