"""Selection policies by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from vernal.base import ConfigError, did_you_mean
from vernal.memory.balanced import Balanced
from vernal.memory.everything import Everything
from vernal.memory.gradient_matching import GradientMatching
from vernal.memory.herding import Herding
from vernal.memory.k_center import KCenter
from vernal.memory.policy import Policy
from vernal.memory.reservoir import Reservoir
from vernal.memory.window import SlidingWindow

Selection = Literal["reservoir", "balanced", "window", "herding", "k_center", "gradient_matching"]

_POLICIES: dict[str, Callable[[int], Policy]] = {
    "reservoir": Reservoir,
    "balanced": Balanced,
    "window": SlidingWindow,
    "herding": Herding,
    "k_center": KCenter,
    "gradient_matching": GradientMatching,
}


def make_policy(selection: str, capacity: int | None) -> Policy:
    """A policy by name.

    Args:
        selection: ``"reservoir"``, a uniform sample of all rows; ``"balanced"``, as many of every class; ``"window"``,
            the latest; ``"herding"``, of every class rows with its mean; ``"k_center"``, of every class rows that cover
            it; ``"gradient_matching"``, of every class rows with its mean gradient.
        capacity: rows kept; None to keep everything, however they would be selected.

    Raises:
        ConfigError: an unknown name, or a capacity below 1.

    Examples:
        >>> make_policy("window", 3)
        SlidingWindow(capacity=3)
        >>> make_policy("reservoir", None)
        Everything()
    """
    if selection not in _POLICIES:
        raise ConfigError(f"No selection is called {selection!r}. {did_you_mean(selection, _POLICIES)}")
    return Everything() if capacity is None else _POLICIES[selection](capacity)
