"""Selection policies by name."""

import pytest

from vernal.base import ConfigError
from vernal.memory import (
    Balanced,
    Everything,
    GradientMatching,
    Herding,
    KCenter,
    Reservoir,
    SlidingWindow,
    make_policy,
)


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("reservoir", Reservoir(7)),
        ("balanced", Balanced(7)),
        ("window", SlidingWindow(7)),
        ("herding", Herding(7)),
        ("k_center", KCenter(7)),
        ("gradient_matching", GradientMatching(7)),
    ],
)
def test_a_name_and_a_capacity_make_a_policy(name, policy):
    assert make_policy(name, 7) == policy
    assert make_policy(name, None) == Everything()


def test_an_unknown_selection_is_an_error_with_a_suggestion():
    with pytest.raises(ConfigError, match="No selection is called 'resevoir'. Did you mean 'reservoir'"):
        make_policy("resevoir", 7)


def test_a_memory_without_room_is_an_error():
    with pytest.raises(ConfigError, match="must be at least 1, got 0"):
        make_policy("window", 0)
