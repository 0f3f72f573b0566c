"""Spans of time as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

from vernal.base.errors import ConfigError

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPELLED = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)")


def period(span: str | timedelta) -> timedelta:
    """A span of time from a text such as ``"90min"``, ``"6h"``, ``"1.5d"``, ``"4w"``.

    Raises:
        ConfigError: the text is no span of time, or it is not longer than nothing, or too long.

    Examples:
        >>> period("36h")
        datetime.timedelta(days=1, seconds=43200)
    """
    if isinstance(span, timedelta):
        found = span
    elif isinstance(span, str) and (match := _SPELLED.fullmatch(span.strip())):
        found = _of_seconds(span, float(match[1]) * _UNITS[match[2]])
    else:
        raise ConfigError(f"{span!r} is no span of time. Write a number and a unit: 30s, 90min, 6h, 1.5d or 4w.")
    if found <= timedelta(0):
        raise ConfigError(f"A span of time must be longer than nothing, got {span!r}.")
    return found


def _of_seconds(span: str, seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except OverflowError as error:
        raise ConfigError(f"{span!r} is too long: it ends after {timedelta.max.days} days at the latest.") from error
