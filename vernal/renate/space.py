"""The configuration space of a job: what each of its values is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vernal.base import ConfigError, Problem, did_you_mean
from vernal.config import ConfigFile, options_of, read_options
from vernal.renate.domains import as_range, is_domain
from vernal.renate.updaters import Updater
from vernal.space import Range, Real, is_range, read_range

_PLAIN = (bool, int, float, str, list, tuple, type(None))
# They say how long a training runs: trials with different ones could not be compared.
_FIXED = ("early_stopping",)
# Renate's spaces for it begin at 0, where new rows would not count at all: it must be above.
_ABOVE_ZERO, _SMALLEST = "loss_weight", 1e-12


def values_and_ranges(
    config_space: Mapping[str, Any], stated: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Range]]:
    """The values of a configuration space, without those that only repeat arguments of the job; and its ranges.

    Args:
        config_space: as the caller gave it; it is not changed.
        stated: the arguments of the job.

    Raises:
        ConfigError: something is neither a value nor a range, or contradicts an argument of the job, or must be the
            same for all trials; everything at once.

    Examples:
        >>> from vernal.renate.config_space import loguniform
        >>> space = {"max_epochs": 5, "momentum": 0.9, "learning_rate": loguniform(0.01, 1)}
        >>> values, ranges = values_and_ranges(space, {"max_epochs": 5})
        >>> values, str(ranges["learning_rate"])
        ({'momentum': 0.9}, 'loguniform(0.01, 1)')
    """
    values: dict[str, Any] = {}
    ranges: dict[str, Range] = {}
    problems: list[Problem] = []
    for name, value in config_space.items():
        try:
            found = _range(value)
        except ConfigError as error:
            problems.append(Problem(_where(name), f"is {value!r}. {error}"))
            continue
        if found is None:
            problems += _wrong_value(name, value, stated)
            values[name] = value
        else:
            problems += _wrong_range(name, stated)
            ranges[name] = _above_zero(found) if name == _ABOVE_ZERO else found
    if problems:
        raise ConfigError(problems)
    return {name: value for name, value in values.items() if name not in stated}, ranges


def _range(value: Any) -> Range | None:
    """A value as a range, if it is one: of vernal's, of Syne Tune's, or as text."""
    if isinstance(value, Range):
        return value
    if isinstance(value, str) and is_range(value):
        return read_range(value)
    return as_range(value) if is_domain(value) else None


def _above_zero(one: Range) -> Range:
    """The range without the 0 that it begins at."""
    return replace(one, low=_SMALLEST) if isinstance(one, Real) and one.low == 0 and one.step is None else one


def _wrong_value(name: str, value: Any, stated: Mapping[str, Any]) -> list[Problem]:
    if not isinstance(value, _PLAIN):
        what = f"is a {type(value).__name__}, {value!r}: neither a value nor a range."
        fix = "Give a number, text, a list or a tuple; or a range by a function of vernal.renate.config_space."
        return [Problem(_where(name), what, fix)]
    if name in stated and value != stated[name]:
        what = f"is {value!r}, but the argument `{name}` of the job is {stated[name]!r}."
        return [Problem(_where(name), what, "Give it once.")]
    return []


def _wrong_range(name: str, stated: Mapping[str, Any]) -> list[Problem]:
    if name in stated or name in _FIXED:
        return [Problem(_where(name), "must be the same for all trials, so it can be no range.", "Give one value.")]
    return []


def _where(name: str) -> str:
    return f"config_space[{name!r}]"


def updater_settings(kind: type[Updater], shorthand: str, values: Mapping[str, Any]) -> Updater:
    """An updater with the hyperparameters among some values.

    Raises:
        ConfigError: a value does not fit; everything at once.
    """
    known = options_of(kind, shorthand)
    names = {option.name for option in known}
    return kind(**read_options(known, {k: v for k, v in values.items() if k in names}, shorthand))


def function_arguments(
    config: ConfigFile,
    kind: type[Updater],
    shorthand: str,
    values: Mapping[str, Any],
    ranges: Mapping[str, Range],
    stated: Mapping[str, Any],
) -> dict[str, Any]:
    """The values that functions of the config file take, by name; a job's own arguments among them.

    Args:
        config: the config file.
        kind: the updater.
        shorthand: its name.
        values: those of the configuration space.
        ranges: those of the configuration space.
        stated: the arguments of the job.

    Raises:
        ConfigError: somebody gave a value that nobody takes; everything at once.
    """
    known = {*config.arguments, *(option.name for option in options_of(kind, shorthand))}
    unknown = [
        Problem(
            _where(name),
            f"is no hyperparameter of {shorthand}, and no argument of a function in {config.path.name}.",
            did_you_mean(name, known),
        )
        for name in (*values, *ranges)
        if name not in known
    ]
    if stated["chunk_id"] is not None and "chunk_id" not in config.arguments:
        what = f"is {stated['chunk_id']}, but no function in {config.path.name} takes it."
        unknown.append(Problem("chunk_id", what, "Leave it out, or write `def data_module_fn(..., chunk_id: int)`."))
    if unknown:
        raise ConfigError([*config.problems, *unknown])
    both = {**values, **{name: value for name, value in stated.items() if value is not None}}
    return {name: value for name, value in both.items() if name in config.arguments}
