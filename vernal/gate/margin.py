"""How much is tolerated, or demanded: an amount, or a share of what the champion has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vernal.base import ConfigError, check_range

_PERCENT = re.compile(r"\s*\+?\s*(\d+(?:\.\d+)?)\s*%\s*")


@dataclass(frozen=True)
class Margin:
    """An amount, or a share.

    Args:
        amount: at least 0.
        relative: whether it is a share of the champion's value.

    Examples:
        >>> read_margin("margin", 0.01).of(-0.8), read_margin("margin", "5%").of(-0.8).__round__(2)
        (0.01, 0.04)
        >>> read_margin("margin", "5%").of(0.0)  # Of nothing, a share is nothing.
        0.0
    """

    amount: float
    relative: bool = False

    def of(self, value: float) -> float:
        """The margin in the unit of a value; its sign does not matter."""
        return self.amount * abs(value) if self.relative else self.amount


def read_margin(name: str, given: float | str) -> Margin:
    """A margin as users write it: ``0.01``, ``"1%"``, ``"+10%"``.

    Args:
        name: of the option, for the error.
        given: a number, or a text with a percent sign.

    Raises:
        ConfigError: neither.
    """
    if not isinstance(given, str):
        check_range(name, given, 0)
        return Margin(float(given))
    if (match := _PERCENT.fullmatch(given)) is None:
        raise ConfigError(f"`{name}` must be a number of at least 0, or a share such as '1%', got {given!r}.")
    return Margin(float(match[1]) / 100, relative=True)
