"""The ranges of a plan: what the user gave, or what is worth choosing by default, checked against what each is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vernal.base import ConfigError, Problem, did_you_mean
from vernal.config.slots import METHOD, Slot, Slots
from vernal.config.types import NotAllowed
from vernal.methods import Method, Term, term_name
from vernal.space import Choice, Range, Real, Space, choice, is_range, loguniform, read_range

RATES = ("lr", "learning_rate")
_FACTOR = 30.0  # The default range of a learning rate goes from about its value divided by this to that times this.


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
        wrong = _no_choice(one, methods) if name == METHOD else _misplaced(name, slots, given)
        if wrong is not None:
            problems.append(wrong)
        elif name == METHOD:
            made[name] = one
        else:
            problems += _unfit(name, one, slots[name])
            made[name] = _conditional(one, slots[name], methods)
    problems += _twice(made, slots)
    if problems:
        raise ConfigError(problems)
    space = Space(made)
    _check_ends(space, slots)
    return space


def default_ranges(slots: Slots, methods: Mapping[str, Method], terms: Iterable[Term] = ()) -> dict[str, Range]:
    """What is worth choosing where the user names nothing: the learning rate, and what methods and terms propose.

    Args:
        slots: the hyperparameters of the plan.
        methods: those to choose from.
        terms: those of the plan.
    """
    found: dict[str, Range] = {}
    for name in RATES:
        if name in slots and slots[name].argument.type.kind is float and any(map(_trains, methods.values())):
            found[name] = _around(slots[name].value)
    proposed = {f"{owner}.{name}": one for owner, m in methods.items() for name, one in type(m).space.items()}
    proposed |= {f"{term_name(term)}.{name}": one for term in terms for name, one in type(term).space.items()}
    for name, one in proposed.items():
        # A value outside is a decision of the user's. What is no option is for `space_of` to tell.
        if name not in slots or slots[name].value in one:
            found[_short(name, slots, methods)] = one
    return found


def _trains(method: Method) -> bool:
    """Whether it takes steps, in a first update or a later one; a closed form does not."""
    return any(stage.share for first in (True, False) for stage in method.stages(first))


def _around(rate: float | None) -> Range:
    """The default range of a learning rate: around its value, if it has one, in round numbers.

    Examples:
        >>> str(_around(0.001)), str(_around(None))
        ('loguniform(3e-05, 0.03)', 'loguniform(0.0001, 0.1)')
    """
    low, high = (rate / _FACTOR, rate * _FACTOR) if rate and rate > 0 else (1e-4, 1e-1)
    return loguniform(float(f"{low:.0e}"), float(f"{high:.0e}"))


def _short(name: str, slots: Slots, methods: Mapping[str, Method]) -> str:
    """An option of the only method by its name alone, if an argument of the config file has not the same."""
    owner, _, option = name.rpartition(".")
    return option if {*methods} == {owner} and option not in slots.ambiguous else name


def _no_choice(one: Range, methods: Mapping[str, Method]) -> Problem | None:
    """Why a range is no choice of the methods that there are to choose from, if so."""
    if isinstance(one, Choice) and {*one.options} <= {*methods}:
        return None
    fix = "Give those to choose from as `method` of the plan, a list of methods."
    return Problem(METHOD, f"is {one}; the plan's method is {' or '.join(methods)}.", fix)


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


def _twice(names: Iterable[str], slots: Slots) -> list[Problem]:
    """Options of a method that have two ranges, by their short name and by their long one."""
    by_method = {name: slots[name] for name in names if name != METHOD and slots[name].part == "method"}
    return [
        Problem(name, f"has a range, and so has {long}, which is the same.", "Remove one.")
        for name, slot in by_method.items()
        for long in by_method
        if name == slot.argument.name and long in {f"{owner}.{name}" for owner in slot.owners}
    ]


def _whole(one: Real) -> str:
    """How a range of decimal numbers would be written for whole ones."""
    return f"{'lograndint' if one.log else 'randint'}({round(one.low)}, {round(one.high)})"


def _unfit(name: str, one: Range, slot: Slot) -> list[Problem]:
    """Values at the ends that the hyperparameter cannot take."""
    for value in one.ends:
        try:
            slot.argument.type.check(value)
        except NotAllowed as error:
            wants_whole = slot.argument.type.kind is int
            fix = f"For whole numbers there is {_whole(one)}." if wants_whole and isinstance(one, Real) else ""
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
    """The methods that a plan gives to choose from; none if it gives one method, or leaves that open.

    Raises:
        ConfigError: it gives a range of numbers.
    """
    if isinstance(value, str) and is_range(value):
        value = read_range(value)
    if isinstance(value, Choice):
        return value.options
    if isinstance(value, Range):
        raise ConfigError(f"{value} has no methods to choose from. Name some: {choice('er', 'derpp')}.")
    return tuple(value) if isinstance(value, list | tuple) else ()


def separated(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Range]]:
    """Values and ranges, apart."""
    ranges = {name: as_range(name, value) for name, value in values.items() if _ranges(value)}
    return {name: value for name, value in values.items() if name not in ranges}, ranges


def _ranges(value: Any) -> bool:
    return isinstance(value, Range) or (isinstance(value, str) and is_range(value))
