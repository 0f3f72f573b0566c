"""The ranges of a plan: what the user gave, or what is worth choosing by default, checked against what each is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vernal.base import ConfigError, Problem, did_you_mean
from vernal.config.slots import METHOD, Slot, Slots
from vernal.config.types import NotAllowed
from vernal.methods import Method
from vernal.space import Choice, Range, Real, Space, choice, is_range, loguniform, randint, read_range

RATES = ("lr", "learning_rate")
_FACTOR = 30.0  # The default range of a learning rate goes from its value divided by this to its value times this.


def as_range(name: str, value: Any) -> Range:
    """A range, from one or from its text.

    Raises:
        ConfigError: it is neither.
    """
    if isinstance(value, Range):
        return value
    if isinstance(value, str) and is_range(value):
        return read_range(value)
    what = f"is {value!r}, and no range."
    fix = "Write a range, such as loguniform(0.001, 0.1) or choice(32, 64); give a single value where values are given."
    raise ConfigError([Problem(f"space[{name!r}]", what, fix)])


def space_of(ranges: Mapping[str, Range], slots: Slots, methods: Mapping[str, Method], given: str) -> Space:
    """The space of some ranges, after a look at what each is for.

    Args:
        ranges: by name.
        slots: the hyperparameters of the plan.
        methods: those to choose from.
        given: which arguments are read before anything is trained, so that they cannot differ from trial to trial.

    Raises:
        ConfigError: a name that is none; a range of something that must be the same for all trials; a value in a range
            that its hyperparameter cannot take; everything at once.
    """
    problems: list[Problem] = []
    made: dict[str, Range] = {}
    for name, one in ranges.items():
        if name == METHOD:
            made[name] = one
            continue
        wrong = _misplaced(name, slots, given)
        if wrong is not None:
            problems.append(wrong)
            continue
        slot = slots[name]
        problems += _unfit(name, one, slot)
        made[name] = _conditional(one, slot, methods)
    if problems:
        raise ConfigError(problems)
    space = Space(made)
    _check_ends(space, slots)
    return space


def default_ranges(slots: Slots, methods: Mapping[str, Method]) -> dict[str, Range]:
    """What is worth choosing where the user names nothing: the learning rate, and what each method proposes."""
    found: dict[str, Range] = {METHOD: choice(*methods)} if len(methods) > 1 else {}
    for name in RATES:
        if name in slots and slots[name].argument.type.kind is float:
            value = slots[name].value
            found[name] = loguniform(value / _FACTOR, value * _FACTOR) if value else loguniform(1e-4, 1e-1)
    for owner, method in methods.items():
        for name, one in type(method).space.items():
            found[name if len(methods) == 1 else f"{owner}.{name}"] = one
    return found


def _misplaced(name: str, slots: Slots, given: str) -> Problem | None:
    """Why a name cannot have a range, if so."""
    if name in slots.ambiguous:
        what = "is an argument of the config file, and an option of vernal's."
        return Problem(name, what, f"Rename the argument, e.g. `my_{name}`.")
    if name not in slots:
        fix = did_you_mean(name, [*slots, METHOD])
        if name in _FIXED:
            return Problem(name, "must be the same for all trials, so it can be no range.", "Give one value.")
        return Problem(name, "is no hyperparameter of the method, the training or a function of the config file.", fix)
    functions = slots[name].argument.functions
    if given in functions and slots[name].part == "arguments":
        what = f"is an argument of `{given}`: trials on different data could not be compared."
        return Problem(name, what, "Give one value.")
    return None


_FIXED = (
    "budget", "evaluation_batch", "patience", "monitor", "accelerator", "devices", "precision", "workers",
    "checkpoint_minutes", "validation_memory", "seed", "change_method",
)  # fmt: skip


def _unfit(name: str, one: Range, slot: Slot) -> list[Problem]:
    """Values at the ends that the hyperparameter cannot take."""
    for value in one.ends:
        try:
            slot.argument.type.check(value)
        except NotAllowed as error:
            fix = f"For whole numbers there is {randint(1, 2)}." if isinstance(one, Real) else ""
            return [Problem(name, f"{error}, in {one}.", fix)]
    return []


def _conditional(one: Range, slot: Slot, methods: Mapping[str, Method]) -> Range:
    """The range, existing only with the methods that have such an option."""
    if slot.part != "method" or {*slot.owners} >= {*methods}:
        return one
    return one.only_if(**{METHOD: slot.owners})


def _check_ends(space: Space, slots: Slots) -> None:
    """Try each range at its ends: a method or a training that refuses one says so now."""
    problems: dict[str, Problem] = {}
    for name, one in space.items():
        if name == METHOD:
            continue
        for value in one.ends:
            around = {other: values[0] for other, values in one.when.items()}
            config = space.default({**{n: slot.value for n, slot in slots.items()}, **around, name: value})
            try:
                slots.filled(config)
            except ConfigError as error:
                problems.setdefault(name, Problem(name, f"{one}: {error}"))
    if problems:
        raise ConfigError([*problems.values()])


def method_choice(value: Any) -> tuple[Any, ...]:
    """The methods that a plan gives to choose from; none if it gives one method, or leaves that open."""
    if isinstance(value, str) and is_range(value):
        value = read_range(value)
    if isinstance(value, Choice):
        return value.options
    return tuple(value) if isinstance(value, list | tuple) else ()


def separated(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Range]]:
    """Values and ranges, apart."""
    ranges = {name: as_range(name, value) for name, value in values.items() if _ranges(value)}
    return {name: value for name, value in values.items() if name not in ranges}, ranges


def _ranges(value: Any) -> bool:
    return isinstance(value, Range) or (isinstance(value, str) and is_range(value))
