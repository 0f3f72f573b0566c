"""Ranges together: order, conditions, configurations."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.space import Range, Space, choice, lograndint, loguniform, randint, uniform

CHAIN: dict[str, Range] = {
    "optimizer": choice("Adam", "SGD", "none"),
    "momentum": uniform(0, 1).only_if(optimizer="SGD"),
    "nesterov": choice(False, True).only_if(momentum=[0.5], optimizer=["SGD"]),
    "betas": choice((0.9, 0.99), (0.5, 0.9)).only_if(optimizer="Adam"),
    "eps": loguniform(1e-9, 1e-3).only_if(betas=[(0.5, 0.9)]),
    "lr": loguniform(1e-3, 1),
}


@pytest.mark.parametrize("order", [*itertools.permutations(CHAIN)][::7])
def test_the_order_of_definition_changes_nothing_but_the_order(order: tuple[str, ...]) -> None:
    space = Space({name: CHAIN[name] for name in order})
    for name, one in space.items():
        assert all([*space].index(other) < [*space].index(name) for other in one.when)
    for config in ({"optimizer": "SGD", "momentum": 0.5}, {"optimizer": "Adam", "betas": (0.5, 0.9)}, {}):
        assert {*space.active(config)} == {*Space(CHAIN).active(config)}


def test_ranges_without_conditions_keep_their_order() -> None:
    assert [*Space({name: randint(1, 2) for name in "cab"})] == ["c", "a", "b"]


@given(st.integers(0, 2**32), st.sampled_from(["Adam", "SGD", "none"]), st.sampled_from([0.5, 0.7]))
def test_what_is_sampled_filled_and_preferred_is_held(seed: int, optimizer: str, momentum: float) -> None:
    space = Space(CHAIN)
    sampled = space.sample(np.random.default_rng(seed))
    default = space.default({"optimizer": optimizer, "momentum": momentum, "lr": 7.0, "other": 1})
    for config in (sampled, default):
        assert space.holds(config)
        assert [*config] == space.active(config)
    assert default["optimizer"] == optimizer
    assert ("nesterov" in default) == (optimizer == "SGD" and momentum == 0.5)
    assert default["lr"] == CHAIN["lr"].middle  # 7 lies outside.


@given(st.integers(0, 2**32))
def test_a_configuration_with_a_value_missing_or_too_many_is_not_held(seed: int) -> None:
    space = Space(CHAIN)
    config = space.sample(np.random.default_rng(seed))
    for name in config:
        assert not space.holds({other: value for other, value in config.items() if other != name})
    for name in CHAIN.keys() - config.keys():
        assert not space.holds({**config, name: CHAIN[name].middle})
    assert not space.holds({**config, "new": 1})


def test_what_depends_on_an_inactive_range_is_inactive_whatever_its_value() -> None:
    assert "nesterov" not in Space(CHAIN).active({"optimizer": "Adam", "momentum": 0.5})


def test_the_default_holds_plain_values() -> None:
    space = Space({"a": randint(1, 3), "b": uniform(0, 1, step=0.1), "c": choice("x", "y")})
    default = space.default({"a": np.int64(2), "b": 0.1 + 0.2, "c": "z"})
    assert default == {"a": 2, "b": 0.3, "c": "x"}
    assert type(default["a"]) is int


def test_a_space_that_is_empty_has_one_configuration() -> None:
    space = Space({})
    assert space.sample(np.random.default_rng(0)) == space.default({"lr": 1}) == {}
    assert space.holds({})


def test_a_condition_on_an_unknown_name_suggests_one() -> None:
    with pytest.raises(ConfigError, match=r"momentum: exists only if 'optimiser' has certain values, and that has no "
                       r"range. Did you mean 'optimizer'"):  # fmt: skip
        Space({"momentum": uniform(0, 1).only_if(optimiser="SGD"), "optimizer": choice("SGD", "Adam")})


def test_a_condition_on_a_value_that_cannot_be_says_what_can() -> None:
    with pytest.raises(
        ConfigError, match=r"only if 'optimizer' is 'sgd', which it cannot be. It is choice\(SGD, Adam\)"
    ):
        Space({"momentum": uniform(0, 1).only_if(optimizer="sgd"), "optimizer": choice("SGD", "Adam")})


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match="2 problems") as error:
        Space({"a": uniform(0, 1).only_if(b=1), "c": 0.5})  # type: ignore[dict-item]
    assert "c: 0.5 is no range. Make one with uniform" in str(error.value)


def test_conditions_in_a_circle_are_refused() -> None:
    with pytest.raises(ConfigError, match="The conditions of a and b go in a circle. Remove one."):
        Space({"a": randint(1, 2).only_if(b=1), "b": randint(1, 2).only_if(a=1), "c": randint(1, 2)})
    with pytest.raises(ConfigError, match="go in a circle"):
        Space({"a": randint(1, 2).only_if(a=1)})


def test_all_configurations_of_a_small_space_are_known_and_no_others() -> None:
    space = Space(
        {"depth": randint(1, 3), "rate": uniform(0, 1, step=0.5).only_if(depth=[2, 3]), "kind": choice(("a", 1), None)}
    )
    assert space.few is not None
    assert len(space.few) == 2 * (1 + 3 + 3)
    assert all(space.holds(config) for config in space.few.values())


@pytest.mark.parametrize("one", [uniform(0, 1), randint(1, 1_001), lograndint(1, 10**12)])
def test_of_a_large_space_not_all_configurations_are_known(one: Range) -> None:
    assert Space({"one": one}).few is None


def test_two_ranges_that_are_small_alone_may_be_large_together() -> None:
    assert Space({"one": randint(1, 1_000)}).few is not None
    assert Space({"one": randint(1, 40), "other": randint(1, 40)}).few is None
