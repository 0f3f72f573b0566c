"""What a method gets to see: networks, steps, and what surrounds a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from vernal.data import Rows
from vernal.tasks import Classification, Task

Criterion = Callable[[Any, Any], Tensor]
Batch = Mapping[str, Any]
Speak = Callable[[nn.Module], Callable[[Any], Any]]


def as_it_is(module: nn.Module) -> Callable[[Any], Any]:
    """A module computes as it is: without conversion to another precision."""
    return module


class Network:
    """A module, called in the precision and on the devices of the training.

    Args:
        module: the module itself, for its parameters, and for hooks.
        speak: makes a module compute in the precision of the training.
        call: what is called instead, if the training has wrapped the module.
        task: what kind of question it answers.

    Examples:
        >>> Network(nn.Linear(2, 3))(torch.zeros(4, 2)).shape
        torch.Size([4, 3])
    """

    def __init__(
        self,
        module: nn.Module,
        speak: Speak = as_it_is,
        call: Callable[[Any], Any] | None = None,
        task: Task | None = None,
    ) -> None:
        self.module = module
        self._speak = speak
        self._task = task or Classification()
        self._call = speak(module) if call is None else call

    def __call__(self, x: Any) -> Any:
        """What it says to a batch of inputs."""
        return self._call(x)

    def scores(self, x: Any) -> Tensor:
        """The tensor in what it says that can be kept and matched, ``(B, ...)``; see `Task.scores`."""
        return self._task.scores(self._call(x))

    def beside(self, module: nn.Module) -> Network:
        """Another module, which computes in the same precision: a teacher, an average of weights."""
        return Network(module, self._speak, task=self._task)


class Replay(Protocol):
    """The rows of earlier chunks, as a method sees them."""

    def __len__(self) -> int:
        """How many rows are in memory; it stays the same during an update."""

    def draw(self, count: int, /) -> Batch:
        """Some rows as a batch, on the model's device and with the training transforms.

        ``x``, ``y``, and whatever the method kept with the rows. Every row of the memory comes once before any comes
        again. If the memory has fewer rows than that, all of them come.
        """


class _Answers:
    """What a network says to the batches of one step, by the batch itself."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Any]] = {}

    def of(self, x: Any, network: Network) -> Any:
        """The answer that is known, or else a new one."""
        if id(x) not in self._known:
            self.note(x, network(x))
        return self._known[id(x)][1]

    def note(self, x: Any, output: Any) -> None:
        """Remember the first answer; the batch as well, so that no other one can get its id."""
        self._known.setdefault(id(x), (x, output))


class Passes:
    """Remembers over the steps of a training whether several batches may go through the model as one."""

    def __init__(self) -> None:
        self.joint = True


@dataclass(frozen=True)
class Stage:
    """One of the trainings that an update consists of.

    Args:
        name: what it is for; a method that has several tells them apart by it.
        share: of the budget of the update; the shares of all stages sum to 1. With 0 no step is taken: a method that
            is computed in closed form walks through the rows in `Method.end`.
    """

    name: str = "train"
    share: float = 1.0


@dataclass(frozen=True)
class Pool:
    """The rows that an update may train on.

    Args:
        chunk: the new chunk.
        before: what the memory holds; rows of earlier chunks.
        memory: what it will hold after this update, the new chunk's share included; the new chunk alone to a policy
            that chooses only after training.
        labels: the class of each row of `chunk`, ``(m,)`` int64; 0 where there are no classes.
        labels_before: the class of each row of `before`, ``(n,)`` int64, likewise.
    """

    chunk: Rows
    before: Rows
    memory: Rows
    labels: Tensor
    labels_before: Tensor


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
        task: what kind of question the targets ask.
        old: gives the champion, see `champion`; None in a first update.
        drawn: the batches that were drawn from `memory` in this step, one after another.
    """

    model: Network
    x: Any
    y: Any
    criterion: Criterion
    memory: Replay
    n_new: int
    n_before: int
    done: float
    passes: Passes = field(default_factory=Passes)
    task: Task = field(default_factory=Classification)
    old: Callable[[], Network] | None = None
    drawn: list[Batch] = field(default_factory=list)

    @property
    def champion(self) -> Network | None:
        """The model as it was before this update, frozen and in evaluation mode; None in a first update.

        Its outputs carry no gradient, and are minus infinity for classes that growing heads got in this update: it
        never knew them, and `Task.distance` leaves them out. It is loaded when it is first asked for.
        """
        return None if self.old is None else self.old()

    @property
    def logits(self) -> Any:
        """What the model says to the new batch; computed once, here or by `forward`."""
        return self.outputs(self.x)

    def outputs(self, x: Any) -> Any:
        """What the model says to a batch of this step; computed once, here or by `forward`."""
        return self._said.of(x, self.model)

    def taught(self, x: Any) -> Any:
        """What the champion says to a batch of this step; computed once. Not to be asked for in a first update."""
        assert self.champion is not None
        return self._taught.of(x, self.champion)

    @cached_property
    def _said(self) -> _Answers:
        return _Answers()

    @cached_property
    def _taught(self) -> _Answers:
        return _Answers()

    def forward(self, *inputs: Any) -> tuple[Any, ...]:
        """What the model says to several batches, in one pass where they are of one shape.

        One pass is faster than several, and normalisation layers see all rows together. It needs a model that gives
        one tensor with a row for each row; with any other each batch goes through alone.
        """
        outputs = self._outputs(*inputs)
        for x, output in zip(inputs, outputs, strict=True):
            self._said.note(x, output)
        return outputs

    def _outputs(self, *inputs: Any) -> tuple[Any, ...]:
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
    """What a method sees before the first step of a stage and after the last one.

    Args:
        model: the model, in evaluation mode: passes through it move no running statistics and drop nothing.
        criterion: ``criterion(outputs, targets)`` gives the mean loss, a scalar.
        batches: walks once through the training rows, in order and without training transforms.
        memory: walks likewise through the rows that the memory will hold after this update. A policy that chooses by
            the trained model's features is asked when this is first called, so only `Method.end` may call it then.
        task: what kind of question the targets ask.
        old: gives the champion, see `champion`; None in a first update.
    """

    model: Network
    criterion: Criterion
    batches: Callable[[], Iterator[tuple[Any, Any]]]
    memory: Callable[[], Iterator[tuple[Any, Any]]] = lambda: iter(())
    task: Task = field(default_factory=Classification)
    old: Callable[[], Network] | None = None

    @property
    def champion(self) -> Network | None:
        """The model as it was before this update, frozen and in evaluation mode; None in a first update."""
        return None if self.old is None else self.old()
