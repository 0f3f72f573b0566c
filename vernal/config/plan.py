"""What an update is to do: one value, from the command line or from Python."""

from __future__ import annotations

import copy
import dataclasses
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vernal.base import ConfigError, Problem, check_whole, did_you_mean
from vernal.config.arguments import REQUIRED, Argument
from vernal.config.code import code_digest
from vernal.config.file import ConfigFile, load_config
from vernal.config.types import NotAllowed, Type, plain
from vernal.methods import Method, method_class, method_name
from vernal.training import Training

DEFAULT_METHOD = "er"
_KINDS = (
    ("config", str | Path | ConfigFile, "the path of a Python file"),
    ("method", Method | str | None, "a method, or the name of one"),
    ("arguments", Mapping, "values by name"),
    ("training", Training, "`Training(...)`"),
)


@dataclass(frozen=True)
class Plan:
    """What an update is to do.

    Args:
        config: the path of the config file; or the file, where it is loaded already.
        method: how to learn without forgetting: a method, or the name of one; None for what the config file's
            `method_fn` gives, or experience replay.
        arguments: values of hyperparameters of the functions in the config file.
        training: how to train.
        validation_memory: rows of validation data kept over all chunks, in equal shares; forgetting is measured
            on them.
        seed: of everything that is random.
        change_method: go on from a model that another method trained.

    Examples:
        >>> Plan("config.py", method="er", training=Training(budget="3ep")).training.duration
        Duration(amount=3, unit='ep')
    """

    config: str | Path | ConfigFile
    method: Method | str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    training: Training = field(default_factory=Training)
    validation_memory: int = 10_000
    seed: int = 0
    change_method: bool = False

    def __post_init__(self) -> None:
        for name, kind, allowed in _KINDS:
            if not isinstance(value := getattr(self, name), kind):
                raise ConfigError(f"`{name}` of a plan must be {allowed}, got {value!r}.")
        check_whole("validation_memory", self.validation_memory, 1)
        check_whole("seed", self.seed, 0)


@dataclass(frozen=True)
class Resolved:
    """A plan whose config file was loaded, with every value in its place.

    Args:
        plan: the plan.
        config: the config file.
        arguments: all hyperparameters of the config file.
        method: the method.
    """

    plan: Plan
    config: ConfigFile
    arguments: Mapping[str, Any]
    method: Method

    def to_json(self) -> dict[str, Any]:
        """Everything that determines the update, beside the data, as plain values."""
        training = dataclasses.asdict(self.plan.training) | {"budget": str(self.plan.training.budget)}
        return {
            "config": {"file": self.config.path.name, "digest": self.config.digest},
            "arguments": _plain(self.arguments),
            "method": self._method_json(),
            "training": training,
            "validation_memory": plain(self.plan.validation_memory),
            "seed": plain(self.plan.seed),
        }

    def _method_json(self) -> dict[str, Any]:
        known = {"name": method_name(self.method), "options": _plain(method_options(self.method))}
        code = code_digest(type(self.method))
        return known | ({"code": code} if code else {})


def resolve(plan: Plan) -> Resolved:
    """Load the config file and put every value in its place.

    Raises:
        ConfigError: with everything that is wrong, at once.
    """
    config = plan.config if isinstance(plan.config, ConfigFile) else load_config(plan.config)
    values, problems = config.values(plan.arguments)
    problems = [*config.problems, *problems]
    method = None
    try:
        if not problems:
            method = _method(plan, config, values)
        elif isinstance(plan.method, str):
            method_class(plan.method)
    except ConfigError as error:
        problems += [Problem("method", str(problem.what), problem.fix) for problem in error.problems]
    if problems or method is None:
        raise ConfigError(problems)
    training = dataclasses.replace(plan.training, **_plain(vars(plan.training)))
    return Resolved(dataclasses.replace(plan, training=training), config, values, _with_plain_options(method))


def options_of(kind: type[Any], name: str) -> list[Argument]:
    """The fields of a dataclass as arguments: what the command line offers for a method or for training."""
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


def method_options(method: Method) -> dict[str, Any]:
    """The hyperparameters of a method: its dataclass fields."""
    kind = type(method)
    if "__dataclass_fields__" not in vars(kind):
        raise ConfigError(
            f"{kind.__name__} is not a dataclass. Put @dataclass on it: its fields are its hyperparameters."
        )
    return {name: getattr(method, name) for name in vars(kind)["__dataclass_fields__"]}


def _method(plan: Plan, config: ConfigFile, arguments: Mapping[str, Any]) -> Method:
    if isinstance(plan.method, Method):
        return plan.method
    if plan.method is not None:
        return make_method(plan.method, {})
    own = config.call("method_fn", arguments)
    if own is None:
        return make_method(DEFAULT_METHOD, {})
    if not isinstance(own, Method):
        raise ConfigError(f"`method_fn` gives a {type(own).__name__}. It must give a `vernal.methods.Method`.")
    return own


def _with_plain_options(method: Method) -> Method:
    """The method with Python's numbers for NumPy's, which neither torch nor a record takes everywhere."""
    options = method_options(method)
    if not any(isinstance(value, np.generic) for value in options.values()):
        return method
    method = copy.copy(method)
    for name, value in _plain(options).items():
        object.__setattr__(method, name, value)  # It may be frozen.
    return method


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(list(value) if isinstance(value, tuple) else value) for name, value in values.items()}
