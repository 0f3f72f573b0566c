"""Ranges in the place of values: what tuning chooses from. Plain values; no search library, no torch."""

from vernal.space.ranges import Choice, Range, Real, Whole, choice, lograndint, loguniform, randint, uniform
from vernal.space.space import Config, Space
from vernal.space.spelling import is_range, read_range
from vernal.space.values import Value, plain_value

__all__ = [
    "Choice",
    "Config",
    "Range",
    "Real",
    "Space",
    "Value",
    "Whole",
    "choice",
    "is_range",
    "lograndint",
    "loguniform",
    "plain_value",
    "randint",
    "read_range",
    "uniform",
]
