"""Modules that know how they were made, and which tasks they have parameters for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NoReturn, Self

import torch
from torch import Tensor, nn

from vernal.base import CorruptState, StateError
from vernal.state import pack, unpack

EXTRA_STATE = "_extra_state"  # torch's name


class RenateModule(nn.Module, ABC):
    """A module whose state holds the arguments of its constructor, so that it can be made again from its state alone.

    Args:
        constructor_arguments: what the constructor of the subclass was called with: plain values or tensors.
        loss_fn: the loss; used where the config file has no `loss_fn`.

    Raises:
        StateError: an argument is of a kind that cannot be stored.

    Examples:
        >>> class Linear(RenateModule):
        ...     def __init__(self, features: int) -> None:
        ...         super().__init__(constructor_arguments={"features": features})
        ...         self.layer = torch.nn.Linear(features, 2)
        ...
        ...     def forward(self, x):
        ...         return self.layer(x)
        >>> model = Linear(3)
        >>> Linear.from_state_dict(model.state_dict()).layer
        Linear(in_features=3, out_features=2, bias=True)
    """

    def __init__(self, constructor_arguments: Mapping[str, Any], loss_fn: nn.Module | None = None) -> None:
        super().__init__()
        # Written and read back: a copy of its own, and found out now, not after the training, if it cannot be stored.
        self._constructor_arguments: dict[str, Any] = unpack(pack(dict(constructor_arguments)))
        self._tasks_params_ids: set[str] = set()
        self.loss_fn = loss_fn

    @classmethod
    def from_state_dict(cls, state_dict: Mapping[str, Any]) -> Self:
        """Make the module again: constructor arguments, parameters of all tasks, weights.

        Raises:
            StateError: this is no state of such a module.
        """
        extra = _read(state_dict.get(EXTRA_STATE))
        model = cls(**extra["constructor_arguments"])
        for task_id in extra["tasks_params_ids"]:
            model.add_task_params(task_id)
        model.load_state_dict(state_dict)
        return model

    @abstractmethod
    def forward(self, x: Any) -> Any:
        """The predictions for a batch.

        A module with parts of its own for each task takes `task_id: str | None = None` as well. It is then given the
        task of the job.
        """

    def get_params(self, task_id: str | None = None) -> list[nn.Parameter]:  # noqa: ARG002
        """The parameters to train for a task; all of them, unless a subclass knows better."""
        return list(self.parameters())

    def add_task_params(self, task_id: str) -> None:
        """Add what a task needs of its own; a task that is known already changes nothing."""
        if task_id not in self._tasks_params_ids:
            self._add_task_params(task_id)
            self._tasks_params_ids.add(task_id)

    def _add_task_params(self, task_id: str) -> None:  # noqa: B027 - no parameters of its own is the usual answer
        """Add what a task needs of its own, e.g. a head; for subclasses to say."""

    def get_extra_state(self) -> Tensor:
        """What is stored beside the weights, ``(bytes,)`` uint8: a tensor, so that any tool can carry it."""
        extra = {
            "constructor_arguments": self._constructor_arguments,
            "tasks_params_ids": sorted(self._tasks_params_ids),
        }
        return torch.frombuffer(bytearray(pack(extra)), dtype=torch.uint8)

    def set_extra_state(self, state: Any) -> None:
        """Take up what `get_extra_state` gave; torch calls it while it loads weights."""
        extra = _read(state)
        self._constructor_arguments = extra["constructor_arguments"]
        self._tasks_params_ids = set(extra["tasks_params_ids"])


class RenateWrapper(RenateModule):
    """Any torch module as a `RenateModule`.

    Inputs that are tuples or dictionaries of tensors are given to the module as its arguments. To make it again, make
    the module, wrap it, and call `load_state_dict`.

    Args:
        model: the module.

    Examples:
        >>> model = RenateWrapper(torch.nn.Linear(3, 2))
        >>> model(torch.zeros(5, 3)).shape
        torch.Size([5, 2])
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__(constructor_arguments={})
        self._model = model

    def forward(self, x: Any) -> Any:
        """What the module says to a batch."""
        if isinstance(x, tuple | list):
            outputs = self._model(*x)
        elif isinstance(x, Mapping):
            outputs = self._model(**x)
        else:
            outputs = self._model(x)
        return outputs[0] if isinstance(outputs, tuple) and len(outputs) == 1 else outputs

    @classmethod
    def from_state_dict(cls, state_dict: Mapping[str, Any]) -> NoReturn:  # noqa: ARG003
        """Not possible: the state does not say which module was wrapped."""
        raise NotImplementedError(
            "A RenateWrapper cannot be made from its state alone, which does not say which module was wrapped. Make "
            "the module, wrap it, then call `load_state_dict`."
        )


def _read(state: Any) -> dict[str, Any]:
    if state is None:
        raise StateError(
            f"This state has no {EXTRA_STATE!r}, so it is not that of a RenateModule. Make the model by its "
            "constructor, and call `load_state_dict`."
        )
    try:
        extra: dict[str, Any] = unpack(bytes(state.to(torch.uint8).cpu().numpy()))
    except CorruptState as error:
        raise CorruptState(
            f"{EXTRA_STATE!r} in this state was not written by vernal. If Renate wrote it, it is a pickle, which "
            "vernal never reads: make the model by its constructor, and load the weights without that entry "
            "(`load_state_dict(..., strict=False)`)."
        ) from error
    return extra
