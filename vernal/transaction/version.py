"""A stored version, ready to answer: any of a store, on any rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vernal.base import ConfigError, derive_seed
from vernal.config import Plan, Resolved, resolve
from vernal.data import Rows
from vernal.methods import Network, method_name
from vernal.models import head_of
from vernal.tasks import Task
from vernal.training import Feed, Predictions, evaluating, isolated, make_fabric, predict, speaking
from vernal.transaction.embedding import Embedding
from vernal.transaction.former import former_name
from vernal.transaction.new_data import NewData
from vernal.transaction.parent import Parent
from vernal.transaction.situation import Situation

Array = np.ndarray[Any, Any]


class Version:
    """A model of a store, with all that its predictions need: its weights, its method, transforms, the loss.

    It is silent about classes that it never knew, so that a comparison with a newer one is fair.

    Args:
        resolved: brings the config file, and how to compute.
        parent: the version.
        data: rows of today: those that it is asked about have this form, and no labels that these lack.

    Raises:
        SchemaMismatch: the config file gives another architecture.
    """

    def __init__(self, resolved: Resolved, parent: Parent, data: NewData) -> None:
        self.id = parent.id
        self.parent = parent
        self.situation = Situation(resolve(_plan_of(resolved, parent)), parent.store, parent, data)
        fabric = make_fabric(replace(self.situation.resolved.plan.training, devices=1))
        self.device = fabric.device
        self._fabric = fabric

    @property
    def seed(self) -> int:
        """The seed of the update that made it."""
        record = self.parent.record
        return derive_seed(record["plan"]["seed"], "update", record["number"])

    @cached_property
    def network(self) -> nn.Module:
        """The model itself, on its device."""
        return self._ready(self.situation.teacher()).eval()

    @cached_property
    def model(self) -> nn.Module:
        """What makes the predictions: the model, or what the method has on top of it."""
        return self._ready(self.situation.former_method().predictor(self.network)).eval()

    def predictions(self, rows: Rows, seed: int | None = None, own_metrics: bool = False) -> Predictions:
        """Its frozen predictions for rows.

        Args:
            rows: the rows.
            seed: of what is random in transforms and model; its own if None. Versions that are compared have the same.
            own_metrics: whether the user's own metrics are computed as well.
        """
        situation, size = self.situation, self.situation.resolved.plan.training.evaluation_batch
        feed, own = self._feed(rows, seed), situation.own_metrics if own_metrics else None
        with self._quietly("evaluate", seed):
            found = predict(speaking(self._fabric, self.model), feed, situation.losses, situation.task, own, size)
        return replace(found, losses=_bounded(found.losses))

    def outputs(self, rows: Rows) -> Array | None:
        """What it says to rows, ``(n, d)`` float32: probabilities where targets are classes, its scores elsewhere.

        A mean over positions if there are several; None if rows come out with different lengths.
        """
        task, size = self.situation.task, self.situation.resolved.plan.training.evaluation_batch
        speak = speaking(self._fabric, self.model)
        with self._quietly("outputs"), torch.no_grad():
            said = [_by_row(task, speak(batch["x"])).cpu().numpy() for batch in self._feed(rows).in_order(size)]
        if len({batch.shape[1] for batch in said}) > 1:
            return None
        said_of_all: Array = np.nan_to_num(np.concatenate(said), posinf=0.0, neginf=0.0)
        return said_of_all

    def embeddings(self, rows: Rows) -> Array | None:
        """What its classifier is given for rows, ``(n, d)`` float32; None if it has no linear layer at its end."""
        try:
            head_of(self.network)
        except ConfigError:
            return None
        embedding = Embedding(self.situation, [rows], self.device, self._network)
        with self._quietly("embed"):
            return embedding.features(self._network(self.network))

    @contextmanager
    def _quietly(self, name: str, seed: int | None = None) -> Iterator[None]:
        """A model may draw at random even now; to ask it, however often, must not change what comes after.

        Raises:
            ConfigError: it cannot read the rows.
        """
        seed = derive_seed(self.seed if seed is None else seed, name)
        naming = self.situation.resolved.config.naming(f"The model {self.id}", f"on rows ({self.situation.schema})")
        with naming, isolated(seed), evaluating(self.model):
            yield

    def _feed(self, rows: Rows, seed: int | None = None) -> Feed:
        seed = derive_seed(self.seed if seed is None else seed, "evaluate")
        return Feed(rows, self.situation.transforms("test"), self.device, seed)

    def _network(self, module: nn.Module) -> Network:
        speak: Callable[[nn.Module], Any] = partial(speaking, self._fabric)
        return Network(module, speak, task=self.situation.task)

    def _ready(self, model: nn.Module) -> nn.Module:
        converted: nn.Module = self._fabric.strategy.precision.convert_module(model.to(self.device))
        return converted


def _bounded(losses: Array) -> Array:
    """No chance at all, as for a class that a model never knew, costs as much as the smallest that a float can hold."""
    return np.where(np.isposinf(losses), -np.log(np.finfo(np.float32).tiny), losses)


def _by_row(task: Task, outputs: Any) -> Tensor:
    """What a model says to each row of a batch, ``(B, d)``."""
    scores = task.scores(outputs).detach().float()
    if not task.classes or scores.ndim == 1:
        return scores.reshape(len(scores), -1)
    chances = scores.movedim(task.class_dim, -1)
    chances = chances.softmax(-1) if chances.shape[-1] > 1 else chances.sigmoid()  # One score says yes or no.
    return chances.reshape(len(chances), -1, chances.shape[-1]).mean(1)


def _plan_of(resolved: Resolved, parent: Parent) -> Plan:
    """The plan with the values that the version was made with, and nothing left to choose.

    Arguments that functions of the config file have lost since then are let go; those that they have got are as today.
    """
    recorded = parent.record["plan"]
    known = {name: value for name, value in recorded["arguments"].items() if name in resolved.config.arguments}
    methods = (
        {method_name(resolved.method): resolved.method} if resolved.search is None else resolved.search.slots.methods
    )
    return replace(
        resolved.plan,
        config=resolved.config,
        arguments={**resolved.arguments, **known},
        seed=recorded["seed"],
        method=methods.get(former_name(parent)),
        terms=(),
    )
