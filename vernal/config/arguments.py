"""The hyperparameters of a function: its typed arguments."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vernal.base import Problem
from vernal.config.types import NotAllowed, Type

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Argument:
    """One hyperparameter; several functions may share it.

    Args:
        name: its name.
        type: its type.
        default: its value if none is given; `REQUIRED` if one must be.
        functions: the functions that take it.
    """

    name: str
    type: Type
    default: Any
    functions: tuple[str, ...]

    @property
    def is_required(self) -> bool:
        """Whether a value must be given."""
        return self.default is REQUIRED


def arguments_of(
    function: Callable[..., Any], name: str, given: Collection[str]
) -> tuple[list[Argument], list[Problem]]:
    """The hyperparameters of one function.

    Args:
        function: the function.
        name: how the user knows it.
        given: arguments that vernal itself passes, which are no hyperparameters.

    Returns:
        The hyperparameters, and what is wrong with the others.
    """
    found, problems = [], []
    try:
        hints = typing.get_type_hints(function)
        parameters = inspect.signature(function).parameters
    except (NameError, TypeError, ValueError) as error:
        return [], [Problem(name, f"has annotations that cannot be read ({error}).")]
    for parameter in parameters.values():
        if parameter.name in given:
            continue
        where = f"{name}({parameter.name})"
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            problems.append(Problem(where, "collects arguments.", "Name and type each of them."))
        elif parameter.name not in hints:
            fix = f"Annotate it, e.g. `{parameter.name}: int`: it is a hyperparameter, not data."
            if name == "loss_fn" or name.endswith("_transform"):
                fix += f" `{name}` gives a function; it is not that function itself."
            problems.append(Problem(where, "has no type.", fix))
        else:
            try:
                kind = Type.of(hints[parameter.name])
                default = parameter.default
                if default is not REQUIRED:
                    default = kind.check(default)
                found.append(Argument(parameter.name, kind, default, (name,)))
            except NotAllowed as error:
                problems.append(Problem(where, f"{error}."))
    return found, problems


def merged(arguments: Collection[Argument]) -> tuple[dict[str, Argument], list[Problem]]:
    """Arguments of the same name as one: a value that one function requires is required."""
    found: dict[str, Argument] = {}
    problems = []
    for argument in arguments:
        first = found.setdefault(argument.name, argument)
        if first is argument:
            continue
        if first.type != argument.type:
            others = f"{first.functions[0]} has {first.type}"
            problems.append(
                Problem(
                    f"{argument.functions[0]}({argument.name})",
                    f"is {argument.type}, but {others}.",
                    "One name is one hyperparameter: give both the same type, or two names.",
                )
            )
        elif REQUIRED not in (first.default, argument.default) and first.default != argument.default:
            problems.append(
                Problem(
                    f"{argument.functions[0]}({argument.name})",
                    f"is {argument.default!r} by default, but {first.functions[0]} has {first.default!r}.",
                    "One name is one hyperparameter: give both the same default, or two names.",
                )
            )
        default = REQUIRED if argument.is_required else first.default
        found[argument.name] = replace(first, default=default, functions=(*first.functions, *argument.functions))
    return found, problems


def values_for(function: Callable[..., Any], arguments: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What to call a function with: what vernal passes, and the hyperparameters that it takes and that have a value."""
    names = inspect.signature(function).parameters
    both = {**arguments, **given}
    return {name: both[name] for name in names if name in both}
