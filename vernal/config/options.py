"""The fields of a dataclass as options: what the command line offers, and what a record holds."""

from __future__ import annotations

import copy
import dataclasses
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from vernal.base import ConfigError, Problem, did_you_mean
from vernal.config.arguments import REQUIRED, Argument
from vernal.config.types import NotAllowed, Type, plain
from vernal.methods import Method, Term, method_class

Part = TypeVar("Part", Method, Term)


def options_of(kind: type[Any], name: str) -> list[Argument]:
    """The fields of a dataclass as arguments: what the command line offers for a method, a term, or for training."""
    hints = typing.get_type_hints(kind)
    found = []
    for option in dataclasses.fields(kind):
        default = option.default
        if option.default_factory is not dataclasses.MISSING:
            default = option.default_factory()
        try:
            annotation = str if option.name == "budget" else hints[option.name]
            required = default is dataclasses.MISSING
            found.append(Argument(option.name, Type.of(annotation), REQUIRED if required else default, (name,)))
        except NotAllowed:
            continue  # A field that has no spelling on the command line is for Python.
    return found


def make_method(name: str, options: Mapping[str, Any]) -> Method:
    """A method by name, with options as values or as text.

    Raises:
        ConfigError: an unknown name, an unknown option, a value that does not fit.

    Examples:
        >>> make_method("er", {"memory_size": "100"}).memory_size
        100
    """
    kind = method_class(name)
    return kind(**read_options(options_of(kind, name), options, name))


def read_options(known: Sequence[Argument], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The values of some options; text is read as on the command line where the type is another one.

    Args:
        known: the options.
        given: values by name, those that are not the default.
        where: what has the options, for messages.

    Raises:
        ConfigError: an unknown option, a value that does not fit; everything at once.
    """
    types = {argument.name: argument.type for argument in known}
    values, problems = {}, []
    for option, value in given.items():
        if option not in types:
            problems.append(Problem(where, f"has no option {option!r}.", did_you_mean(option, types)))
            continue
        try:
            values[option] = types[option].read(value) if isinstance(value, str) else types[option].check(value)
        except NotAllowed as error:
            problems.append(Problem(f"{where}({option})", f"{error}."))
    if problems:
        raise ConfigError(problems)
    return values


def method_options(method: Method | Term) -> dict[str, Any]:
    """The hyperparameters of a method or a term: its dataclass fields."""
    kind: type[Any] = type(method)
    if "__dataclass_fields__" not in vars(kind):
        raise ConfigError(
            f"{kind.__name__} is not a dataclass. Put @dataclass on it: its fields are its hyperparameters."
        )
    names = [option.name for option in dataclasses.fields(kind)]
    base = Method if isinstance(method, Method) else Term
    if taken := [name for name in names if hasattr(base, name)]:
        raise ConfigError(
            f"{kind.__name__} has a field `{taken[0]}`, which is something that vernal asks every "
            f"{base.__name__.lower()} for. Call the field something else."
        )
    return {name: getattr(method, name) for name in names}


def with_plain_options(part: Part) -> Part:
    """A method or a term with Python's numbers for NumPy's, which neither torch nor a record takes everywhere."""
    options = method_options(part)
    if not any(isinstance(value, np.generic) for value in options.values()):
        return part
    part = copy.copy(part)
    for name, value in plain_values(options).items():
        object.__setattr__(part, name, value)  # It may be frozen.
    return part


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that JSON can hold as they are."""
    return {name: plain(list(value) if isinstance(value, tuple) else value) for name, value in values.items()}
