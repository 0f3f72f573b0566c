"""The configuration space of a job: what each of its values is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vernal.base import ConfigError, Problem, did_you_mean
from vernal.config import ConfigFile, options_of, read_options
from vernal.renate.updaters import Updater

_PLAIN = (bool, int, float, str, list, tuple, type(None))


def fixed_values(config_space: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a configuration space, without those that only repeat arguments of the job.

    Args:
        config_space: as the caller gave it; it is not changed.
        stated: the arguments of the job.

    Raises:
        ConfigError: a value is a range, or contradicts an argument of the job; everything at once.

    Examples:
        >>> fixed_values({"max_epochs": 5, "learning_rate": 0.1}, {"max_epochs": 5})
        {'learning_rate': 0.1}
    """
    problems = []
    for name, value in config_space.items():
        where = f"config_space[{name!r}]"
        if not isinstance(value, _PLAIN):
            what = f"is a {type(value).__name__}, {value!r}, and no fixed value."
            fix = "Ranges come with tuning, in a later version: give one value, a number, text, a list or a tuple."
            problems.append(Problem(where, what, fix))
        elif name in stated and value != stated[name]:
            what = f"is {value!r}, but the argument `{name}` of the job is {stated[name]!r}."
            problems.append(Problem(where, what, "Give it once."))
    if problems:
        raise ConfigError(problems)
    return {name: value for name, value in config_space.items() if name not in stated}


def updater_settings(kind: type[Updater], shorthand: str, values: Mapping[str, Any]) -> Updater:
    """An updater with the hyperparameters among some values.

    Raises:
        ConfigError: a value does not fit; everything at once.
    """
    known = options_of(kind, shorthand)
    names = {option.name for option in known}
    return kind(**read_options(known, {k: v for k, v in values.items() if k in names}, shorthand))


def function_arguments(
    config: ConfigFile, kind: type[Updater], shorthand: str, values: Mapping[str, Any], stated: Mapping[str, Any]
) -> dict[str, Any]:
    """The values that functions of the config file take, by name; a job's own arguments among them.

    Raises:
        ConfigError: somebody gave a value that nobody takes; everything at once.
    """
    known = {*config.arguments, *(option.name for option in options_of(kind, shorthand))}
    unknown = [
        Problem(
            f"config_space[{name!r}]",
            f"is no hyperparameter of {shorthand}, and no argument of a function in {config.path.name}.",
            did_you_mean(name, known),
        )
        for name in values
        if name not in known
    ]
    if stated["chunk_id"] is not None and "chunk_id" not in config.arguments:
        what = f"is {stated['chunk_id']}, but no function in {config.path.name} takes it."
        unknown.append(Problem("chunk_id", what, "Leave it out, or write `def data_module_fn(..., chunk_id: int)`."))
    if unknown:
        raise ConfigError([*config.problems, *unknown])
    both = {**values, **{name: value for name, value in stated.items() if value is not None}}
    return {name: value for name, value in both.items() if name in config.arguments}
