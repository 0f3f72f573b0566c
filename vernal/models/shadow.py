"""A second set of weights for a model, which follows it at its own pace."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import chain

import torch
from torch import Tensor, nn

from vernal.base import ConfigError, SchemaMismatch
from vernal.models.averages import moving_average_
from vernal.models.grown import corner_of


class Shadow:
    """A frozen network of a model's architecture, in evaluation mode: a teacher, or a moving average of the weights.

    Its weights are state that goes from one update to the next, so it exists in two forms: as a state dict, which can
    be stored before there is a model, and, once it is attached to one, as a network that can be called. It keeps at
    least 32 bits of each number, whatever the model computes in, so that small steps are not rounded away. Where the
    classifier of the model has grown since, the shadow's new rows are those of the model.

    Examples:
        >>> model, shadow = nn.Linear(1, 1, bias=False), Shadow()
        >>> _ = model.weight.data.fill_(1.0)
        >>> shadow.attach(model)
        >>> _ = model.weight.data.fill_(3.0)
        >>> shadow.follow(model, decay=0.75)
        >>> shadow.module(torch.ones(1, 1)), model(torch.ones(1, 1)).detach()
        (tensor([[1.5000]]), tensor([[3.]]))
    """

    def __init__(self) -> None:
        self._state: dict[str, Tensor] = {}
        self._module: nn.Module | None = None
        self._apart: dict[str, Tensor] = {}

    @property
    def is_attached(self) -> bool:
        """Whether there is a network that can be called."""
        return self._module is not None

    @property
    def module(self) -> nn.Module:
        """The network.

        Raises:
            ConfigError: the shadow was never attached to a model.
        """
        if self._module is None:
            raise ConfigError("The shadow has no network yet. Attach it to a model first: `shadow.attach(model)`.")
        return self._module

    def attach(self, model: nn.Module) -> None:
        """Take the architecture and the device of a model, and its weights if there are none yet.

        Raises:
            SchemaMismatch: the weights that there are do not fit the model.
        """
        self._module = copy.deepcopy(model).eval().requires_grad_(False)
        self._take_up(self._state)

    def follow(self, model: nn.Module, decay: float) -> None:
        r"""Move towards the model: :math:`\bar\theta \leftarrow d \bar\theta + (1 - d) \theta`.

        Args:
            model: the model that it is attached to; floating buffers are followed as parameters are, others copied.
            decay: how much stays, :math:`d`, from 0, which makes a copy of the model, to 1.

        Raises:
            ConfigError: `decay` is out of range.
        """
        moving_average_(self._state, model, decay)
        for name, tensor in self._apart.items():
            tensor.copy_(self._state[name])

    def state_dict(self) -> dict[str, Tensor]:
        """The weights; empty if there are none yet."""
        return dict(self._state)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state_dict` gave."""
        self._state = dict(state)
        if self._module is not None:
            self._take_up(self._state)

    def _take_up(self, state: Mapping[str, Tensor]) -> None:
        """Give the network these weights; where it has more, its own stay."""
        module = self.module
        lost = sorted(state.keys() - module.state_dict().keys())
        if lost:
            raise SchemaMismatch(
                f"The model has no {', '.join(map(repr, lost))}, which was kept beside it. Begin a new lineage with "
                "another architecture (another store)."
            )
        self._state = {name: _placed(state.get(name), own) for name, own in module.state_dict().items()}
        tensors = dict(chain(module.named_parameters(), module.named_buffers()))
        self._apart = {}
        for name in tensors.keys() & self._state.keys():
            tensor, kept = tensors[name], self._state[name]
            if tensor.is_floating_point() and tensor.dtype == kept.dtype:
                tensor.data = kept  # One memory: what is averaged is what is called.
            else:
                self._apart[name] = tensor.copy_(kept)


@torch.no_grad()
def _placed(kept: Tensor | None, own: Tensor) -> Tensor:
    """What was kept, as large as `own` is and on its device, in at least 32 bits."""
    dtype = torch.promote_types(own.dtype, torch.float32) if own.is_floating_point() else own.dtype
    placed = own.detach().to(dtype, copy=True)
    if kept is not None:
        placed[corner_of(kept, placed)] = kept.to(placed)
    return placed
