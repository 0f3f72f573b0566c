"""What a search is about: what may be chosen, for what, and what is known from earlier updates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch

from vernal.base import ConfigError, canonical_json, derive_seed
from vernal.config import METHOD, Search
from vernal.methods import method_name
from vernal.space import Config, Space
from vernal.transaction.evaluation import Judge
from vernal.transaction.situation import Situation
from vernal.transaction.trial import OF_TRIALS, situation_at
from vernal.tuning import Constraint, Goal, Objective, Past, Trial, Tuning, View

LOOKS = 10  # of a training whose budget is not in epochs
_OLD = "old."  # Before a first update, nothing is, and what is demanded of it holds.
_PARTS = ("new.", _OLD)
_PAST_UPDATES = 10


@dataclass(frozen=True)
class Aim:
    """What is to be chosen in an update, and for what.

    Args:
        situation: what the update finds; its plan has a search.
    """

    situation: Situation

    def check(self) -> None:
        """Look for what makes a search impossible, before anything is trained.

        Raises:
            ConfigError: there is no validation data; several devices; a store that other processes cannot read; a
                metric that is not known.
            ConflictError: a method may not go on from the parent's.
        """
        if self._judge.rows is None:
            raise ConfigError(
                "There are ranges to choose from, but no validation data to choose by. Provide a validation set "
                "(`validation` of the data module), or give a single value in the place of each range."
            )
        if self.situation.resolved.plan.training.devices != 1:
            raise ConfigError(
                "`devices` must be 1 where values are tuned: each trial trains on one device, and several trials can "
                "train at the same time, on one device each."
            )
        if self.situation.store.url.startswith("memory://"):
            raise ConfigError(
                f"{self.situation.store.url} lies in the memory of this process, and trials train in processes of "
                "their own, which cannot read it. Take a store in a folder."
            )
        self._check_methods()
        _ = self.view

    @property
    def settings(self) -> Tuning:
        """How to choose; where nothing is left to choose, one trial does."""
        settings = self._plan.tuning
        return settings if self.view.space else replace(settings, max_trials=1)

    @cached_property
    def frozen(self) -> Config:
        """The values that the parent's weights demand."""
        return architecture_of_parent(self.situation, self._plan.space)

    @cached_property
    def view(self) -> View:
        """All that a search knows before its first trial."""
        space = self._plan.space.fixed(self.frozen)
        values = self._plan.slots.values_now
        return View(
            space=space,
            default=space.default({**values, **self._plan.default}),
            goal=self.goal,
            levels=levels_of(self.situation),
            seed=derive_seed(self.situation.seed, "tuning"),
            past=earlier(self.situation),
            fixed=self._fixed(space),
        )

    def _fixed(self, space: Space) -> Config:
        """What later updates need to know of what is not chosen: the method, and all values that could be ranges.

        Which data an update reads never could: it is another for each, and says nothing about the configuration.
        """
        slots = self._plan.slots
        chosen = [slots[name] for name in space if name != METHOD]
        values = {
            name: slot.value
            for name, slot in slots.items()
            if not slot.reads_data and not any(slot.is_same_place(other) for other in chosen)
        }
        method = {} if METHOD in space else {METHOD: method_name(self.situation.resolved.method)}
        return {**method, **values, **{name: value for name, value in self.frozen.items() if name not in space}}

    @cached_property
    def goal(self) -> Goal:
        """What is better."""
        tuning = self._plan.tuning
        metric = tuning.metric or self.situation.task.headline
        if metric in tuning.also:
            raise ConfigError(f"`also` names {metric!r}, which is to improve already. Name each number once.")
        names = (metric, *tuning.also)
        objectives = tuple(Objective(name, not self._lower_is_better(name)) for name in names)
        constraints: Sequence[Constraint] = tuning.constraints  # type: ignore[assignment]
        has_old = len(self.situation.validation_memory()) > 0
        return Goal(objectives, tuple(one for one in constraints if has_old or not one.name.startswith(_OLD)))

    def config(self, config: Mapping[str, Any]) -> Config:
        """A configuration of the space, with what is frozen."""
        return {**self.frozen, **config}

    def past(self, trials: tuple[Trial, ...]) -> Past:
        """What later updates are to know."""
        view, objective = self.view, self.goal.objective
        name = self.situation.name[:12]
        better = objective.higher_is_better
        return Past(name, view.space, view.fixed, objective.name, better, view.levels, trials)

    @property
    def _plan(self) -> Search:
        assert self.situation.resolved.search is not None
        return self.situation.resolved.search

    @cached_property
    def _judge(self) -> Judge:
        memory = self.situation.validation_memory()
        return Judge(self.situation, memory, torch.device("cpu"), lambda model: model)

    def _check_methods(self) -> None:
        """Demand that each method to choose from may go on from the parent's."""
        slots, space = self._plan.slots, self._plan.space
        for name in slots.methods:
            chosen = situation_at(self.situation, space.default({**slots.values_now, METHOD: name}))
            chosen.method()
            chosen.memory()

    def _lower_is_better(self, name: str) -> bool:
        if name in OF_TRIALS:
            return True
        for part in _PARTS:
            name = name.removeprefix(part)
        return self._judge.lower_is_better(name)


def levels_of(situation: Situation) -> int:
    """How many levels a whole training has: its epochs; 1 where no method takes steps."""
    assert situation.resolved.search is not None
    methods = situation.resolved.search.slots.methods.values()
    if not any(stage.share for method in methods for stage in method.stages(situation.parent is None)):
        return 1
    budget = situation.resolved.plan.training.duration
    match budget.unit:
        case "ep":
            return max(1, int(budget.amount))
        case "st":
            return max(1, min(LOOKS, int(budget.amount)))
    return LOOKS


def earlier(situation: Situation) -> tuple[Past, ...]:
    """What the updates before this one have learned about hyperparameters, oldest first."""
    if situation.parent is None:
        return ()
    store = situation.store
    records = [record for record in store.lineage(situation.parent.id) if "tuning" in record["artefacts"]]
    blobs = [store.resolve(record["artefacts"]["tuning"]["blob"]) for record in records[-_PAST_UPDATES:]]
    return tuple(Past.from_json(json.loads(store.blobs.get(blob))) for blob in blobs)


def past_bytes(past: Past) -> bytes:
    """What travels with the state."""
    return canonical_json(past.to_json())


def architecture_of_parent(situation: Situation, space: Space) -> Config:
    """The values that the parent's weights demand: of arguments whose other values build another architecture.

    Where the config file has `previous_model_fn`, the architecture may change, and none is demanded.
    """
    config = situation.resolved.config
    if situation.parent is None or "previous_model_fn" in config.functions:
        return {}
    used = {name for name in space if name in config.arguments and "model_fn" in config.arguments[name].functions}
    recorded = situation.parent.record["plan"]["arguments"]
    return {
        name: config.arguments[name].type.check(recorded[name])
        for name in sorted(used)
        if name in recorded and not _all_fit(situation, space, name, recorded)
    }


def _all_fit(situation: Situation, space: Space, name: str, recorded: Mapping[str, Any]) -> bool:
    """Whether the parent's weights fit whatever value an argument has."""
    assert situation.parent is not None
    others = {other: value for other, value in recorded.items() if other in situation.resolved.arguments}
    for value in space[name].ends:
        arguments = {**situation.resolved.arguments, **others, name: value}
        resolved = replace(situation.resolved, arguments=arguments, search=None)
        try:
            if not replace(situation, resolved=resolved).parent_fits:
                return False
        except ConfigError:  # Arguments may depend on one another, as a width and a number of heads do.
            return False
    return True
