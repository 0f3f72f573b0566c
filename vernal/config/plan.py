"""What an update is to do: one value, from the command line or from Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from vernal.base import ConfigError, Problem, check_whole
from vernal.config.code import code_digest
from vernal.config.file import ConfigFile, load_config
from vernal.config.options import make_method, method_options, plain_values, with_plain_options
from vernal.config.ranges import as_range, default_ranges, method_choice, separated, space_of
from vernal.config.slots import DATA, METHOD, Slot, Slots, Values
from vernal.config.terms import make_terms
from vernal.config.types import plain
from vernal.data import Window
from vernal.methods import Method, Term, method_name, term_name
from vernal.space import Config, Range, Space, choice
from vernal.training import Training
from vernal.tuning import Tuning

DEFAULT_METHOD = "er"
Made = TypeVar("Made")
_KINDS = (
    ("config", str | Path | ConfigFile, "the path of a Python file"),
    ("method", Method | str | Sequence | Range | None, "a method, the name of one, or several to choose from"),
    ("arguments", Mapping, "values by name"),
    ("training", Training, "`Training(...)`"),
    ("space", Mapping, "ranges by name"),
    ("tuning", Tuning | None, "`Tuning(...)`"),
    ("window", Window | None, "`Window(...)`"),
)


class NothingToTune(ConfigError):
    """Tuning is asked for, and every value is fixed."""


@dataclass(frozen=True)
class Plan:
    """What an update is to do.

    Args:
        config: the path of the config file; or the file, where it is loaded already.
        method: how to learn without forgetting: a method, or the name of one; a list of such for tuning to choose from;
            None for what the config file's `method_fn` gives, or experience replay.
        arguments: values of hyperparameters of the functions in the config file, or ranges of such.
        training: how to train.
        validation_memory: rows of validation data kept over all chunks, in equal shares; forgetting is measured
            on them.
        seed: of everything that is random.
        change_method: go on from a model that another method trained.
        terms: what is added to the method's loss: terms, or names of such, with options if need be, as in
            ``"distil:weight=0.5"``; None for what the config file's `terms_fn` gives, or nothing.
        space: ranges by name in the place of values: of options of the method (``er.memory_batch``, where there are
            several methods), of ``batch_size``, ``accumulate``, ``clip_norm`` and ``clip_value``, of arguments of the
            config file, of terms (``distil.weight``). With any range the update is tuned.
        tuning: how to choose from the ranges. If there is none, tuning chooses the learning rate and what the method
            proposes, or from what `space_fn` of the config file gives.
        window: the files to learn, for a `data_module_fn` that takes a ``window``.

    Examples:
        >>> Plan("config.py", method="er", training=Training(budget="3ep")).training.duration
        Duration(amount=3, unit='ep')
        >>> from vernal.methods import Compatible
        >>> plan = Plan("config.py", terms=[Compatible(weight=2.0), "distil:weight=0.5"])
        >>> from vernal.space import choice, loguniform
        >>> plan = Plan("config.py", method=["er", "derpp"], arguments={"lr": loguniform(1e-4, 1e-1)})
        >>> plan = Plan("config.py", space={"batch_size": choice(32, 128)}, tuning=Tuning(max_minutes=30))
    """

    config: str | Path | ConfigFile
    method: Method | str | Sequence[Method | str] | Range | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    training: Training = field(default_factory=Training)
    validation_memory: int = 10_000
    seed: int = 0
    change_method: bool = False
    terms: Sequence[Term | str] | None = None
    space: Mapping[str, Range | str] = field(default_factory=dict)
    tuning: Tuning | None = None
    window: Window | None = None

    def __post_init__(self) -> None:
        for name, kind, allowed in _KINDS:
            if not isinstance(value := getattr(self, name), kind):
                raise ConfigError(f"`{name}` of a plan must be {allowed}, got {value!r}.")
        if self.terms is not None and not _are_terms(self.terms):
            raise ConfigError(f"`terms` of a plan must be a list of terms, or of names of such, got {self.terms!r}.")
        check_whole("validation_memory", self.validation_memory, 1)
        check_whole("seed", self.seed, 0)


@dataclass(frozen=True)
class Search:
    """What is to be chosen in a plan, and how.

    Args:
        space: the ranges.
        default: the configuration that stands for the plan's own values.
        tuning: how to choose.
        slots: where each value goes.
    """

    space: Space
    default: Config
    tuning: Tuning
    slots: Slots

    def to_json(self) -> dict[str, Any]:
        """What determines the outcome, as plain values."""
        fixed = {"fixed": plain_values(self.slots.fixed)} if self.slots.fixed else {}
        # The first method is part of the plan itself; options of the others may be seen nowhere else.
        others = [_part_json(name, method) for name, method in [*self.slots.methods.items()][1:]]
        methods = {"methods": others} if others else {}
        return {"space": self.space.to_json(), "tuning": dict(self.tuning.to_json())} | methods | fixed


@dataclass(frozen=True)
class Resolved:
    """A plan whose config file was loaded, with every value in its place.

    Args:
        plan: the plan.
        config: the config file.
        arguments: all hyperparameters of the config file.
        method: the method.
        terms: what is added to its loss.
        search: what is to be chosen; None where every value is fixed. Where there is something to choose, all values
            are those of the default configuration.
        asked: the plan as it was given, with its ranges.
    """

    plan: Plan
    config: ConfigFile
    arguments: Mapping[str, Any]
    method: Method
    terms: tuple[Term, ...] = ()
    search: Search | None = None
    asked: Plan = field(kw_only=True)

    def at(self, config: Config) -> Resolved:
        """The plan with the values of a configuration, and nothing left to choose.

        Raises:
            ConfigError: a value is not allowed where it goes.
        """
        assert self.search is not None
        return _made(self.asked, self.config, self.search.slots.filled(config))

    def to_json(self) -> dict[str, Any]:
        """Everything that determines the update, beside the data, as plain values."""
        training = dataclasses.asdict(self.plan.training) | {"budget": str(self.plan.training.budget)}
        parts = {
            "config": {"file": self.config.path.name, "digest": self.config.digest},
            "arguments": plain_values(self.arguments),
            "method": _part_json(method_name(self.method), self.method),
            "training": training,
            "validation_memory": plain(self.plan.validation_memory),
            "seed": plain(self.plan.seed),
        }
        # Without terms or ranges a plan reads as it did when there were none: what was made then is still found.
        terms = [_part_json(term_name(term), term) for term in self.terms]
        search = {} if self.search is None else {"search": self.search.to_json()}
        return parts | ({"terms": terms} if terms else {}) | search


def resolve(plan: Plan) -> Resolved:
    """Load the config file and put every value in its place.

    Raises:
        ConfigError: with everything that is wrong, at once.
    """
    config = plan.config if isinstance(plan.config, ConfigFile) else load_config(plan.config)
    problems = [*config.problems]
    separate = _collected(problems, "arguments", lambda: _separated(plan, config))
    if separate is None:  # What a badly spelled range was for would seem to have no value.
        raise ConfigError(problems)
    given, ranges = separate
    arguments, wrong = config.values(given)
    problems += wrong
    call = (lambda name: config.call(name, arguments)) if not problems else (lambda name: None)  # noqa: ARG005
    methods = _collected(problems, "method", lambda: _methods(plan, ranges, call))
    terms = _collected(problems, "terms", lambda: _terms(plan, call))
    if problems or methods is None or terms is None:
        raise ConfigError(problems)
    values = Values(next(iter(methods.values())), terms, plan.training, arguments)
    search = _search(plan, config, ranges, values, methods, call)
    if search is None:
        return _made(plan, config, values)
    return dataclasses.replace(_made(plan, config, search.slots.filled(search.default)), search=search)


def _made(plan: Plan, config: ConfigFile, values: Values) -> Resolved:
    training = dataclasses.replace(values.training, **plain_values(vars(values.training)))
    method, terms = with_plain_options(values.method), tuple(map(with_plain_options, values.terms))
    own = None if plan.method is None else method
    filled = dataclasses.replace(plan, training=training, method=own, arguments=values.arguments, space={}, tuning=None)
    return Resolved(filled, config, values.arguments, method, terms, asked=plan)


def _separated(plan: Plan, config: ConfigFile) -> tuple[dict[str, Any], dict[str, Range]]:
    """The values of arguments, and all ranges; a required argument that has a range needs some value meanwhile."""
    given, ranges = separated(plan.arguments)
    ranges |= {name: as_range(name, value) for name, value in plan.space.items()}
    required = {n: r.middle for n, r in ranges.items() if n in config.arguments and config.arguments[n].is_required}
    return {**required, **given}, ranges


def _search(
    plan: Plan,
    config: ConfigFile,
    ranges: Mapping[str, Range],
    values: Values,
    methods: Mapping[str, Method],
    call: Callable[[str], Any],
) -> Search | None:
    """What is to be chosen; None if nothing is, and nobody asks for tuning."""
    if len(methods) > 1 and METHOD not in ranges:
        ranges = {METHOD: choice(*methods), **ranges}
    if not ranges and plan.tuning is None:
        return None
    slots = config.slots(values, methods)
    said: dict[str, Any] = {}
    if not {*ranges} - {METHOD}:  # A choice of methods alone leaves open what else is worth choosing.
        proposed = _own_ranges(call("space_fn")) or default_ranges(slots, methods, values.terms)
        said = {name: slots[name].value for name in proposed if name in slots and _is_said(name, slots[name], plan)}
        ranges = {**proposed, **ranges}
    if not ranges:
        raise NothingToTune(
            "There is nothing to tune: no value is a range, and neither the method nor the optimiser proposes one. "
            "Write a range in the place of a value, such as `loguniform(0.001, 0.1)`."
        )
    space = space_of(ranges, slots, methods, DATA).fixed(said)
    if not space:
        raise NothingToTune(
            f"There is nothing to tune: the plan gives a value to all that has a range: {', '.join(said)}."
        )
    default = space.default({METHOD: next(iter(methods)), **{name: slot.value for name, slot in slots.items()}})
    return Search(space, default, plan.tuning or Tuning(), slots)


def _is_said(name: str, slot: Slot, plan: Plan) -> bool:
    """Whether the plan gives a value itself; what a config file or a method proposes is then not chosen from."""
    if slot.part == "arguments":
        return name in plan.arguments
    from_file = {"method": plan.method is None, "term": plan.terms is None, "training": False}
    return not from_file[slot.part] and slot.value != slot.argument.default


def _own_ranges(given: Any) -> dict[str, Range]:
    """What `space_fn` of the config file gives."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigError(f"`space_fn` gives a {type(given).__name__}. It must give ranges by name, a dictionary.")
    return {str(name): as_range(str(name), value) for name, value in given.items()}


def _collected(problems: list[Problem], where: str, make: Callable[[], Made]) -> Made | None:
    """What `make` gives; None if it cannot, and why is among the problems."""
    try:
        return make()
    except ConfigError as error:
        problems += [Problem(where, p.what, p.fix) if p.where == "config" else p for p in error.problems]
        return None


def _methods(plan: Plan, ranges: Mapping[str, Range], call: Callable[[str], Any]) -> dict[str, Method]:
    """The method, or those to choose from, by name; the first is the plan's own."""
    several = method_choice(plan.method) or method_choice(ranges.get(METHOD))
    if not several:
        method = _method(plan, call)
        return {method_name(method): method}
    made = [one if isinstance(one, Method) else make_method(one, {}) for one in several]
    if isinstance(plan.method, Method):  # With its options, where it is one of those to choose from.
        own = plan.method
        made = [own if method_name(one) == method_name(own) else one for one in made]
    methods = {method_name(method): method for method in made}
    if len(methods) < len(made):
        raise ConfigError(f"`method` names a method twice: {', '.join(map(method_name, made))}. Name each once.")
    return methods


def _method(plan: Plan, call: Callable[[str], Any]) -> Method:
    if isinstance(plan.method, Method):
        return plan.method
    if isinstance(plan.method, str):
        return make_method(plan.method, {})
    own = call("method_fn")
    if own is None:
        return make_method(DEFAULT_METHOD, {})
    if not isinstance(own, Method):
        raise ConfigError(f"`method_fn` gives a {type(own).__name__}. It must give a `vernal.methods.Method`.")
    return own


def _terms(plan: Plan, call: Callable[[str], Any]) -> tuple[Term, ...]:
    given = plan.terms
    if given is None:
        given = call("terms_fn")
        if given is not None and not _are_terms(given):
            raise ConfigError(f"`terms_fn` must give a list of terms, or of names of such, got {given!r}.")
    return make_terms(given or ())


def _are_terms(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    return all(isinstance(part, Term | str) for part in value)


def _part_json(name: str, part: Method | Term) -> dict[str, Any]:
    code = code_digest(type(part))
    return {"name": name, "options": plain_values(method_options(part))} | ({"code": code} if code else {})
