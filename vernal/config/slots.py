"""Where a value of a range goes: which hyperparameters a plan has, and the plan with other values in their places."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from vernal.config.arguments import Argument
from vernal.config.options import method_options, options_of
from vernal.methods import Method, Term, method_name, term_name
from vernal.training import Training

METHOD = "method"
DATA = "data_module_fn"
# The others say how long or on what a training runs: trials with different ones could not be compared.
OF_TRAINING = ("batch_size", "accumulate", "clip_norm", "clip_value")
Part = TypeVar("Part", Method, Term, Training)


@dataclass(frozen=True)
class Slot:
    """The place of one value in a plan.

    Args:
        part: ``method``, ``term``, ``training`` or ``arguments``.
        owners: the names of the methods, or of the term, that have it; empty otherwise.
        argument: its name there, its type, its default.
        value: what it is now.
    """

    part: str
    owners: tuple[str, ...]
    argument: Argument
    value: Any

    @property
    def reads_data(self) -> bool:
        """Whether it decides which data there is, so that it cannot differ from trial to trial."""
        return self.part == "arguments" and DATA in self.argument.functions

    def is_same_place(self, other: Slot) -> bool:
        """Whether another one, by its short or its long name, is where this value goes."""
        is_same = (self.part, self.argument.name) == (other.part, other.argument.name)
        return is_same and ({*self.owners} <= {*other.owners} or {*other.owners} <= {*self.owners})


@dataclass(frozen=True)
class Values:
    """All values of a plan, each in its place.

    Args:
        method: the method.
        terms: what is added to its loss.
        training: how to train.
        arguments: all hyperparameters of the config file.
    """

    method: Method
    terms: tuple[Term, ...]
    training: Training
    arguments: Mapping[str, Any]


class Slots(Mapping[str, Slot]):
    """The places of all values that may be ranges, by name.

    Args:
        slots: these.
        values: what the plan says.
        methods: those to choose from, by name; only the plan's own where there is no choice.
        ambiguous: names that mean two things.
    """

    def __init__(
        self,
        slots: Mapping[str, Slot],
        values: Values,
        methods: Mapping[str, Method],
        ambiguous: Collection[str] = (),
    ) -> None:
        self.methods, self.ambiguous = methods, ambiguous
        self._slots, self._values = slots, values

    def __getitem__(self, name: str) -> Slot:
        return self._slots[name]

    def __iter__(self) -> Any:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def values_now(self) -> dict[str, Any]:
        """What the plan says, by name."""
        return {name: slot.value for name, slot in self.items()}

    @property
    def fixed(self) -> Mapping[str, Any]:
        """What decides on the filled plan, beside a configuration, and can be seen in no part of the plan itself."""
        return {}

    def filled(self, config: Mapping[str, Any]) -> Values:
        """The plan's values, with those of a configuration in their places.

        Raises:
            ConfigError: a value is not allowed where it goes.
        """
        now = self._values
        name = config.get(METHOD, method_name(now.method))
        given = {other: value for other, value in config.items() if other != METHOD}
        training, arguments = self._of("training", given), self._of("arguments", given)
        return Values(
            _with(self.methods[name], self._of("method", given, name)),
            tuple(_with(term, self._of("term", given, term_name(term))) for term in now.terms),
            _with(now.training, training),
            {**now.arguments, **arguments},
        )

    def _of(self, part: str, config: Mapping[str, Any], owner: str | None = None) -> dict[str, Any]:
        """The values of a configuration that go into one part, by their names there."""
        found = {}
        for name, value in config.items():
            slot = self[name]
            if slot.part == part and (owner is None or owner in slot.owners):
                found[slot.argument.name] = slot.argument.type.check(value)
        return found


def plan_slots(arguments: Mapping[str, Argument], values: Values, methods: Mapping[str, Method]) -> Slots:
    """The places of all values of a plan.

    An option of a method is called by its name, as on the command line; ``er.memory_batch`` is that of one of several
    methods, ``distil.weight`` that of a term.

    Args:
        arguments: the hyperparameters of the config file.
        values: what the plan says.
        methods: those to choose from, by name.
    """
    of_methods = _of_methods(methods.values())
    slots = {
        **_of_arguments(arguments, values.arguments),
        **_of_training(values.training),
        **_of_terms(values.terms),
        **of_methods,
    }
    return Slots(slots, values, methods, {*arguments} & {*of_methods, *OF_TRAINING})


def _of_arguments(arguments: Mapping[str, Argument], values: Mapping[str, Any]) -> dict[str, Slot]:
    """The places of the hyperparameters of a config file."""
    return {name: Slot("arguments", (), one, values.get(name)) for name, one in arguments.items()}


def _with(part: Part, values: Mapping[str, Any]) -> Part:
    changed: Any = part  # A dataclass, which its type does not say.
    return dataclasses.replace(changed, **values) if values else part


def _of_training(training: Training) -> dict[str, Slot]:
    known = {one.name: one for one in options_of(Training, "training")}
    return {name: Slot("training", (), known[name], getattr(training, name)) for name in OF_TRAINING}


def _of_terms(terms: Iterable[Term]) -> dict[str, Slot]:
    found = {}
    for term in terms:
        owner = term_name(term)
        for one in options_of(type(term), owner):
            found[f"{owner}.{one.name}"] = Slot("term", (owner,), one, getattr(term, one.name))
    return found


def _of_methods(methods: Iterable[Method]) -> dict[str, Slot]:
    found: dict[str, Slot] = {}
    for method in methods:
        owner, values = method_name(method), method_options(method)
        for one in options_of(type(method), owner):
            value = values[one.name]
            found[f"{owner}.{one.name}"] = Slot("method", (owner,), one, value)
            shared = found.get(one.name)
            if shared is None or shared.argument.type == one.type:  # Else only the longer names say which is meant.
                owners = (*(shared.owners if shared else ()), owner)
                # Its value is that of the first that has it: search begins with the first method.
                found[one.name] = Slot("method", owners, *((shared.argument, shared.value) if shared else (one, value)))
    return found
