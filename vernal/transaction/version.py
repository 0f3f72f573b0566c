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
from vernal.config import Plan, resolve
from vernal.data import Rows
from vernal.methods import Network
from vernal.models import head_of
from vernal.store import Store
from vernal.training import Feed, Predictions, evaluating, isolated, make_fabric, predict, speaking
from vernal.transaction.embedding import Embedding
from vernal.transaction.new_data import NewData
from vernal.transaction.parent import Parent
from vernal.transaction.situation import Situation

Array = np.ndarray[Any, Any]


class Version:
    """A model of a store, with all that its predictions need: its weights, its method, transforms, the loss.

    It is silent about classes that it never knew, so that a comparison with a newer one is fair.

    Args:
        plan: brings the config file, and how to compute.
        store: where the version lies.
        key: its id, or what else the store finds it by.
        data: rows of today, whose form and labels it is asked about.

    Raises:
        StateNotFound: no such version.
        SchemaMismatch: the config file gives another architecture.
    """

    def __init__(self, plan: Plan, store: Store, key: str, data: NewData) -> None:
        parent = Parent(store.record(key), store)
        self.id = parent.id
        self.parent = parent
        self.situation = Situation(resolve(_plan_of(plan, parent)), store, parent, data)
        fabric = make_fabric(replace(self.situation.resolved.plan.training, devices=1))
        self.device = fabric.device
        self._fabric = fabric

    @cached_property
    def network(self) -> nn.Module:
        """The model itself, on its device."""
        return self._ready(self.situation.teacher()).eval()

    @cached_property
    def model(self) -> nn.Module:
        """What makes the predictions: the model, or what the method has on top of it."""
        return self._ready(self.situation.former_method().predictor(self.network)).eval()

    def predictions(self, rows: Rows) -> Predictions:
        """Its frozen predictions for rows."""
        situation, size = self.situation, self.situation.resolved.plan.training.evaluation_batch
        with self._quietly("evaluate"):
            return predict(
                speaking(self._fabric, self.model), self._feed(rows), situation.losses, situation.task, None, size
            )

    def outputs(self, rows: Rows) -> Array:
        """What it says to rows, ``(n, d)`` float32: probabilities where targets are classes, its scores elsewhere."""
        task, size = self.situation.task, self.situation.resolved.plan.training.evaluation_batch
        speak = speaking(self._fabric, self.model)

        def said(x: Any) -> Tensor:
            scores = task.scores(speak(x)).detach().float()
            scores = scores.softmax(task.class_dim) if task.classes and scores.ndim > 1 else scores
            return scores.reshape(len(scores), -1)

        with self._quietly("outputs"), torch.no_grad():
            batches = [said(batch["x"]).cpu().numpy() for batch in self._feed(rows).in_order(size)]
        said_of_all: Array = np.nan_to_num(np.concatenate(batches), posinf=0.0, neginf=0.0)
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
    def _quietly(self, name: str) -> Iterator[None]:
        """A model may draw at random even now; to ask it, however often, must not change what comes after."""
        with isolated(derive_seed(self.situation.seed, name)), evaluating(self.model):
            yield

    def _feed(self, rows: Rows) -> Feed:
        situation = self.situation
        return Feed(rows, situation.transforms("test"), self.device, derive_seed(situation.seed, "evaluate"))

    def _network(self, module: nn.Module) -> Network:
        speak: Callable[[nn.Module], Any] = partial(speaking, self._fabric)
        return Network(module, speak, task=self.situation.task)

    def _ready(self, model: nn.Module) -> nn.Module:
        converted: nn.Module = self._fabric.strategy.precision.convert_module(model.to(self.device))
        return converted


def _plan_of(plan: Plan, parent: Parent) -> Plan:
    """The plan with the arguments that the version was made with, and nothing left to choose."""
    recorded = parent.record["plan"]
    method = None if isinstance(plan.method, str | list | tuple) else plan.method
    return replace(
        plan, arguments=recorded["arguments"], seed=recorded["seed"], method=method, terms=None, space={}, tuning=None
    )
