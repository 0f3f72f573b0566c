"""Doubles of Syne Tune's classes, with the names and attributes that its own have (read off versions 0.13 and 0.16)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


def named(name: str, **attributes: Any) -> Any:
    """An object of a class of that name in ``syne_tune.config_space``."""
    made = type(name, (SimpleNamespace,), {"__module__": "syne_tune.config_space"})
    return made(**attributes)


def numbers(kind: str, lower: float, upper: float, sampler: str = "_Uniform", q: float | None = None) -> Any:
    """A `Float` or an `Integer`."""
    drawn = named(sampler)
    if q is not None:
        drawn = named("Quantized", sampler=drawn, q=q)
    return named(kind, lower=lower, upper=upper, get_sampler=lambda: drawn)


def scheduler(name: str) -> type:
    """A class of a scheduler."""
    return type(name, (), {"__module__": "syne_tune.optimizer"})
