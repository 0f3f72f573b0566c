"""All ranges of a plan together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from vernal.base import ConfigError, Problem, canonical_json, did_you_mean
from vernal.space.ranges import Choice, Range, Real, Whole
from vernal.space.values import Value

Config = dict[str, Value]
_FEW = 1_000
_KINDS: dict[str, type[Range]] = {"real": Real, "whole": Whole, "choice": Choice}


class Space(Mapping[str, Range]):
    """Ranges by name; a range with conditions comes after those that it depends on.

    Args:
        ranges: these.

    Raises:
        ConfigError: a condition names no range of the space, or a value that it cannot take, or itself in a circle.

    Examples:
        >>> from vernal.space import choice, uniform
        >>> space = Space({"momentum": uniform(0, 1).only_if(optimizer="SGD"), "optimizer": choice("SGD", "Adam")})
        >>> [*space], space.active({"optimizer": "Adam"})
        (['optimizer', 'momentum'], ['optimizer'])
    """

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        _check_conditions(ranges)
        self._ranges = _in_order(ranges)

    def __getitem__(self, name: str) -> Range:
        return self._ranges[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ranges)

    def __len__(self) -> int:
        return len(self._ranges)

    def __repr__(self) -> str:
        return f"Space({', '.join(f'{name}: {one}' for name, one in self.items())})"

    def active(self, config: Mapping[str, Value]) -> list[str]:
        """The names of the ranges whose conditions a configuration fulfils."""
        active: dict[str, Value] = {}
        for name, one in self.items():
            if one.exists(active):
                active[name] = config.get(name)
        return [*active]

    def holds(self, config: Mapping[str, Value]) -> bool:
        """Whether a configuration has a value in its range for every active name, and nothing else."""
        return {*config} == {*self.active(config)} and all(value in self[name] for name, value in config.items())

    def fill(self, value_of: Callable[[str, Range], Value]) -> Config:
        """A configuration from a value for every name that is active, in order.

        Args:
            value_of: the value for a name and its range.

        Examples:
            >>> from vernal.space import choice, uniform
            >>> space = Space({"optimizer": choice("Adam", "SGD"), "momentum": uniform(0, 1).only_if(optimizer="SGD")})
            >>> space.fill(lambda name, one: one.middle)
            {'optimizer': 'Adam'}
        """
        config: Config = {}
        for name, one in self.items():
            if one.exists(config):
                config[name] = one.plain(value_of(name, one))
        return config

    def default(self, preferred: Mapping[str, Value]) -> Config:
        """The configuration to begin with: preferred values where they lie in their ranges, else the middles."""

        def value_of(name: str, one: Range) -> Value:
            return preferred[name] if name in preferred and preferred[name] in one else one.middle

        return self.fill(value_of)

    def sample(self, rng: np.random.Generator) -> Config:
        """A configuration at random."""
        return self.fill(lambda name, one: one.sample(rng))  # noqa: ARG005

    @cached_property
    def few(self) -> Mapping[bytes, Config] | None:
        """All configurations, each under its canonical JSON; None if there are more than 1,000.

        Examples:
            >>> from vernal.space import choice, randint
            >>> space = Space({"depth": randint(1, 2), "skip": choice(True, False).only_if(depth=2)})
            >>> [*space.few.values()]
            [{'depth': 1}, {'depth': 2, 'skip': True}, {'depth': 2, 'skip': False}]
        """
        found: list[Config] = [{}]
        for name, one in self.items():
            options = one.options_up_to(_FEW)
            if options is None:
                return None
            found = [
                more for config in found for more in _extended(config, name, options if one.exists(config) else None)
            ]
            if len(found) > _FEW:
                return None
        return {canonical_json(config): config for config in found}

    def fixed(self, values: Mapping[str, Value]) -> Space:
        """What is left to choose where some names have one value each.

        Examples:
            >>> from vernal.space import choice, uniform
            >>> space = Space({"optimizer": choice("Adam", "SGD"), "momentum": uniform(0, 1).only_if(optimizer="SGD")})
            >>> space.fixed({"optimizer": "SGD"}), space.fixed({"optimizer": "Adam"})
            (Space(momentum: uniform(0, 1)), Space())
        """
        left: dict[str, Range] = {}
        for name, one in self.items():
            known = {other: allowed for other, allowed in one.when.items() if other in values}
            exists = replace(one, when=known).exists(values)
            if name not in values and exists and all(other in known or other in left for other in one.when):
                when = {other: allowed for other, allowed in one.when.items() if other not in known}
                left[name] = replace(one, when=when)
        return Space(left)

    def to_json(self) -> list[dict[str, Any]]:
        """The space as plain values, in order."""
        return [{"name": name, **_plain(one)} for name, one in self.items()]

    @classmethod
    def from_json(cls, ranges: list[dict[str, Any]]) -> Space:
        """The space that `to_json` wrote down."""
        return cls({one["name"]: _made(one) for one in ranges})


def _extended(config: Config, name: str, options: Sequence[Value] | None) -> list[Config]:
    return [config] if options is None else [{**config, name: value} for value in options]


def _plain(one: Range) -> dict[str, Any]:
    kind = next(kind for kind, made in _KINDS.items() if made is type(one))
    return {"kind": kind} | {name: value for name, value in vars(one).items() if name != "when" or value}


def _made(one: Mapping[str, Any]) -> Range:
    values = {name: value for name, value in one.items() if name not in ("name", "kind")}
    return _KINDS[one["kind"]](**values)


def _check_conditions(ranges: Mapping[str, Range]) -> None:
    problems = []
    for name, one in ranges.items():
        if type(one) not in _KINDS.values():
            what = f"{one!r} is no range."
            problems.append(Problem(name, what, "Make one with uniform, loguniform, randint, lograndint or choice."))
            continue
        for other, values in one.when.items():
            if other not in ranges:
                what = f"exists only if {other!r} has certain values, and that has no range."
                problems.append(Problem(name, what, did_you_mean(other, [n for n in ranges if n != name])))
            elif outside := [value for value in values if value not in ranges[other]]:
                what = f"exists only if {other!r} is {outside[0]!r}, which it cannot be."
                problems.append(Problem(name, what, f"It is {ranges[other]}."))
    if problems:
        raise ConfigError(problems)


def _in_order(ranges: Mapping[str, Range]) -> dict[str, Range]:
    """Ranges with conditions after those that they depend on; otherwise as they were given."""
    ordered: dict[str, Range] = {}
    left = dict(ranges)
    while left:
        ready = [name for name, one in left.items() if all(other in ordered for other in one.when)]
        if not ready:
            raise ConfigError(f"The conditions of {' and '.join(sorted(left))} go in a circle. Remove one.")
        ordered[ready[0]] = left.pop(ready[0])
    return ordered
