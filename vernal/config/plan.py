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
from vernal.config.terms import make_terms
from vernal.config.types import plain
from vernal.methods import Method, Term, method_name, term_name
from vernal.training import Training

DEFAULT_METHOD = "er"
Made = TypeVar("Made")
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
        terms: what is added to the method's loss: terms, or names of such, with options if need be, as in
            ``"distil:weight=0.5"``; None for what the config file's `terms_fn` gives, or nothing.

    Examples:
        >>> Plan("config.py", method="er", training=Training(budget="3ep")).training.duration
        Duration(amount=3, unit='ep')
        >>> from vernal.methods import Compatible
        >>> plan = Plan("config.py", terms=[Compatible(weight=2.0), "distil:weight=0.5"])
    """

    config: str | Path | ConfigFile
    method: Method | str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    training: Training = field(default_factory=Training)
    validation_memory: int = 10_000
    seed: int = 0
    change_method: bool = False
    terms: Sequence[Term | str] | None = None

    def __post_init__(self) -> None:
        for name, kind, allowed in _KINDS:
            if not isinstance(value := getattr(self, name), kind):
                raise ConfigError(f"`{name}` of a plan must be {allowed}, got {value!r}.")
        if self.terms is not None and not _are_terms(self.terms):
            raise ConfigError(f"`terms` of a plan must be a list of terms, or of names of such, got {self.terms!r}.")
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
        terms: what is added to its loss.
    """

    plan: Plan
    config: ConfigFile
    arguments: Mapping[str, Any]
    method: Method
    terms: tuple[Term, ...] = ()

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
        # Without terms a plan reads as it did when there were none, so that what was made then is still found.
        terms = [_part_json(term_name(term), term) for term in self.terms]
        return parts | ({"terms": terms} if terms else {})


def resolve(plan: Plan) -> Resolved:
    """Load the config file and put every value in its place.

    Raises:
        ConfigError: with everything that is wrong, at once.
    """
    config = plan.config if isinstance(plan.config, ConfigFile) else load_config(plan.config)
    values, problems = config.values(plan.arguments)
    problems = [*config.problems, *problems]
    call = (lambda name: config.call(name, values)) if not problems else (lambda name: None)  # noqa: ARG005
    method = _collected(problems, "method", lambda: _method(plan, call))
    terms = _collected(problems, "terms", lambda: _terms(plan, call))
    if problems or method is None or terms is None:
        raise ConfigError(problems)
    training = dataclasses.replace(plan.training, **plain_values(vars(plan.training)))
    return Resolved(dataclasses.replace(plan, training=training), config, values, with_plain_options(method), terms)


def _collected(problems: list[Problem], where: str, make: Callable[[], Made]) -> Made | None:
    """What `make` gives; None if it cannot, and why is among the problems."""
    try:
        return make()
    except ConfigError as error:
        problems += [Problem(where, p.what, p.fix) if p.where == "config" else p for p in error.problems]
        return None


def _method(plan: Plan, call: Callable[[str], Any]) -> Method:
    if isinstance(plan.method, Method):
        return plan.method
    if plan.method is not None:
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
    return tuple(map(with_plain_options, make_terms(given or ())))


def _are_terms(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    return all(isinstance(part, Term | str) for part in value)


def _part_json(name: str, part: Method | Term) -> dict[str, Any]:
    code = code_digest(type(part))
    return {"name": name, "options": plain_values(method_options(part))} | ({"code": code} if code else {})
