"""The door that every continual-learning method has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from vernal.data import Rows
from vernal.memory import Policy

Criterion = Callable[[Any, Any], Tensor]
Batch = Mapping[str, Any]


class Replay(Protocol):
    """The rows of earlier chunks, as a method sees them."""

    def __len__(self) -> int:
        """How many rows are in memory; it stays the same during an update."""

    def draw(self, count: int, /) -> Batch:
        """Some rows as a batch, on the model's device and with the training transforms.

        ``x``, ``y``, and whatever the method kept with the rows. Every row of the memory comes once before any comes
        again. If the memory has fewer rows than that, all of them come.
        """


class Passes:
    """Remembers over the steps of a training whether several batches may go through the model as one."""

    def __init__(self) -> None:
        self.joint = True


@dataclass(frozen=True)
class Step:
    """One step of training, as a method sees it: no optimiser, no device, no loop.

    Args:
        model: the model in training mode.
        x: inputs of the new batch, ``(B, ...)``, or a tuple, list or dictionary of such.
        y: targets of the new batch.
        criterion: ``criterion(outputs, targets)`` gives the mean loss, a scalar.
        memory: rows of earlier chunks.
        n_new: rows in the new chunk.
        n_before: rows of all chunks before it, in memory or not.
        done: the share of the budget that is spent, from 0 to 1.
        passes: remembers over the steps whether batches may go through the model together.
    """

    model: Callable[..., Any]
    x: Any
    y: Any
    criterion: Criterion
    memory: Replay
    n_new: int
    n_before: int
    done: float
    passes: Passes = field(default_factory=Passes)

    @cached_property
    def logits(self) -> Any:
        """What the model says to the new batch; computed once."""
        return self.model(self.x)

    def forward(self, *inputs: Any) -> tuple[Any, ...]:
        """What the model says to several batches, in one pass where they are of one shape.

        One pass is faster than several, and normalisation layers see all rows together. It needs a model that gives
        one tensor with a row for each row; with any other each batch goes through alone.
        """
        tensors = [x for x in inputs if isinstance(x, Tensor)]
        alike = len(tensors) == len(inputs) and len({(t.shape[1:], t.dtype) for t in tensors}) == 1
        if not alike or not self.passes.joint:
            return tuple(self.model(x) for x in inputs)
        outputs = self.model(torch.cat(tensors))
        if not isinstance(outputs, Tensor) or len(outputs) != sum(len(t) for t in tensors):
            self.passes.joint = False
            return tuple(self.model(x) for x in inputs)
        return tuple(torch.split(outputs, [len(t) for t in tensors]))


@dataclass(frozen=True)
class Setting:
    """What a method sees before the first step and after the last one.

    Args:
        model: the model, in evaluation mode: passes through it move no running statistics and drop nothing.
        criterion: ``criterion(outputs, targets)`` gives the mean loss, a scalar.
        batches: walks once through the training rows, in order and without training transforms.
    """

    model: nn.Module
    criterion: Criterion
    batches: Callable[[], Iterator[tuple[Any, Any]]]


class Method(ABC):
    """How a model learns from a new chunk without forgetting the earlier ones.

    A method is a dataclass: its fields are its hyperparameters. It answers questions; who asks them is the engine::

        model = method.start(champion, fresh)            # which weights to begin with
        rows = method.rows(chunk, next_memory)           # what one epoch walks through
        method.begin(setting)
        for batch in epochs(rows):
            loss = method.loss(step)                     # the one that every method has
            ...                                          # backward, optimiser, schedule
            method.after_step(model)
        method.end(setting)
        next_memory = policy + method.keep(model, x)     # which rows stay, and what is kept with them
        method.predictor(model)                          # what makes predictions

    What a method carries from one update to the next, beside its hyperparameters, goes through `state_dict` and
    `load_state_dict`: tensors and plain values. Methods do not inherit from each other. They never see the
    optimiser, the device, files, or how many updates will come.
    """

    def policy(self) -> Policy | None:
        """Which rows the memory keeps; None for a method without memory."""
        return None

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """The model to train: the champion, or a fresh one of the same architecture."""
        return champion

    def rows(self, chunk: Rows, next_memory: Rows) -> Rows:  # noqa: ARG002
        """The rows that one epoch walks through: the chunk, or what the memory will hold after this update."""
        return chunk

    def begin(self, setting: Setting) -> None:  # noqa: B027 - nothing to do is the usual answer
        """Before the first step of an update.

        Not called again when an interrupted update goes on: what it sets must be in `state_dict`.
        """

    @abstractmethod
    def loss(self, step: Step) -> Tensor:
        """The loss of one step, a scalar."""

    def after_step(self, model: nn.Module) -> None:  # noqa: B027
        """After each step of the optimiser."""

    def end(self, setting: Setting) -> None:  # noqa: B027
        """After the last step of an update."""

    def keep(self, model: Callable[[Any], Any], x: Any) -> dict[str, Tensor]:  # noqa: ARG002
        """What is kept with rows that come into memory, ``(B, ...)`` each; the model is in evaluation mode."""
        return {}

    def predictor(self, model: nn.Module) -> nn.Module:
        """What makes predictions: the model, or something on top of it."""
        return model

    def state_dict(self) -> dict[str, Any]:
        """What goes from one update to the next, beside the hyperparameters."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        assert not state, f"{type(self).__name__} keeps no state, but was given {[*state]}"
