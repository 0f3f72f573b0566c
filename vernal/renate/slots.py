"""Where values of ranges go in a job: its hyperparameters have Renate's names, and an updater makes a plan of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vernal.config import Slot, Slots, Values, options_of
from vernal.methods import Method
from vernal.renate.space import updater_settings
from vernal.renate.updaters import Updater, updater_class
from vernal.space import Range, Space

# What differs from job to job, and says nothing about how well a configuration does.
OF_JOB = ("updater", "max_epochs", "task_id", "chunk_id", "seed")


@dataclass(frozen=True)
class Hyperparameters:
    """What a job says of the hyperparameters of its updater. It travels to processes that train trials.

    Args:
        updater: which one.
        has_memory: whether there are rows of earlier chunks to replay.
        values: by name, those that are not the default; of those that have ranges, the ones to begin with.
    """

    updater: str
    has_memory: bool
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, updater: str, has_memory: bool, values: Mapping[str, Any], ranges: Mapping[str, Range]
    ) -> Hyperparameters:
        """Those of a configuration space.

        Args:
            updater: which one.
            has_memory: whether there are rows of earlier chunks to replay.
            values: of hyperparameters of any kind.
            ranges: of hyperparameters of any kind.
        """
        options = {option.name: option.default for option in options_of(updater_class(updater), updater)}
        both = {**values, **Space(ranges).default(options)}
        return cls(updater, has_memory, {name: value for name, value in both.items() if name in options})

    def settings(self, config: Mapping[str, Any]) -> Updater:
        """The updater with the values of a configuration.

        Raises:
            ConfigError: a value does not fit.
        """
        return updater_settings(updater_class(self.updater), self.updater, {**self.values, **config})


class UpdaterSlots(Slots):
    """The hyperparameters of an updater, and of the functions of a config file.

    Args:
        asked: what the job says of the former.
        values: what the plan says.
        methods: the method that the updater stands for.
        arguments: the places of the latter.
    """

    def __init__(
        self, asked: Hyperparameters, values: Values, methods: Mapping[str, Method], arguments: Mapping[str, Slot]
    ) -> None:
        settings = asked.settings({})
        options = {one.name: one for one in options_of(type(settings), asked.updater)}
        own = {name: Slot("method", (*methods,), one, getattr(settings, name)) for name, one in options.items()}
        others = {name: slot for name, slot in arguments.items() if name not in OF_JOB}
        super().__init__({**own, **others}, values, methods)
        self._asked, self._own = asked, own

    @property
    def fixed(self) -> Mapping[str, Any]:
        """The updater and its hyperparameters: several of them may lead to the same method and the same batches."""
        return {"updater": self._asked.updater} | {name: slot.value for name, slot in self._own.items()}

    def filled(self, config: Mapping[str, Any]) -> Values:
        """The plan with the values of a configuration.

        Raises:
            ConfigError: a value is not allowed where it goes.
        """
        now, settings = self._values, self._asked.settings(config)
        arguments = {
            name: self[name].argument.type.check(value) for name, value in config.items() if name in now.arguments
        }
        training = dataclasses.replace(now.training, batch_size=settings.new_rows(self._asked.has_memory))
        return Values(settings.method(), now.terms, training, {**now.arguments, **arguments})
