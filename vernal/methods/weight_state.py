"""What a method keeps for every trainable weight, and the pull of weights towards where they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vernal.base import SchemaMismatch
from vernal.models import grown_like

Tensors = tuple[Tensor, ...] | list[Tensor]


class WeightState:
    """Numbers that belong to the trainable weights of a model: importances, anchors, a path integral.

    Each of them is a list of tensors, in the order of `parameters` and shaped like these. They are stored under the
    names of the parameters, as float32 at least.

    A model may have grown since: what a classifier's new rows, or new parameters, have not got yet is 0. What
    belongs to parameters that are frozen for now is kept as it is.

    Args:
        quantities: what is kept, e.g. ``"importance"``.

    Examples:
        >>> model = nn.Linear(2, 1, bias=False)
        >>> state = WeightState("importance").on(model)
        >>> state["importance"] = [torch.ones(1, 2)]
        >>> state.state_dict()
        {'importance': {'weight': tensor([[1., 1.]])}}
    """

    def __init__(self, *quantities: str) -> None:
        self._kept: dict[str, dict[str, Tensor]] = {quantity: {} for quantity in quantities}
        self._model: nn.Module | None = None
        self._parameters: dict[str, nn.Parameter] = {}

    @property
    def parameters(self) -> list[Tensor]:
        """The trainable weights."""
        return [*self._parameters.values()]

    def on(self, model: nn.Module, anew: bool = False) -> WeightState:
        """Lie where the weights of a model lie, and be as large; done once, so it may be asked for at every step.

        Args:
            model: the model.
            anew: look at the model again: it may have grown, or have been frozen in parts.

        Raises:
            SchemaMismatch: what is kept belongs to another architecture.
        """
        if anew or model is not self._model:
            named = dict(model.named_parameters())
            self._kept = {quantity: _fitted(kept, named) for quantity, kept in self._kept.items()}
            self._parameters = {name: p for name, p in named.items() if p.requires_grad}
            self._model = model
        return self

    def values(self) -> list[Tensor]:
        """A copy of the weights themselves, as float32 at least."""
        return [p.detach().to(wide(p), copy=True) for p in self.parameters]

    def zeros(self) -> list[Tensor]:
        """Zero for every weight."""
        return [torch.zeros_like(p, dtype=wide(p)) for p in self.parameters]

    def __contains__(self, quantity: str) -> bool:
        return bool(self._kept[quantity])

    def __getitem__(self, quantity: str) -> list[Tensor]:
        kept = self._kept[quantity]
        return [kept[name] for name in self._parameters]

    def __setitem__(self, quantity: str, tensors: Sequence[Tensor]) -> None:
        self._kept[quantity] |= dict(zip(self._parameters, tensors, strict=True))

    def __delitem__(self, quantity: str) -> None:
        self._kept[quantity] = {}

    def state_dict(self) -> dict[str, Any]:
        """Everything, by quantity and by the name of the parameter."""
        return {quantity: dict(kept) for quantity, kept in self._kept.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        self._kept = {quantity: dict(state[quantity]) for quantity in self._kept}
        self._model = None


@torch.no_grad()
def pull_(parameters: Tensors, anchors: Tensors, importance: Tensors, strength: float) -> None:
    r"""Pull important weights back to their anchors: to their gradients, add that of

    .. math:: c \sum_i \Omega_i \, (\theta_i - \theta_i^*)^2 .

    It is known in closed form, and added to what there is once a step. Left to autograd it would cost three times as
    much, and where several devices train, it would be refused for weights that a batch did not use.

    Args:
        parameters: the weights, of any shapes.
        anchors: where they were, of the same shapes.
        importance: how much each counts, at least 0.
        strength: `c`.

    Examples:
        >>> weights = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> pull_([weights], [torch.zeros(2)], [torch.tensor([3.0, 0.5])], strength=10.0)
        >>> weights.grad
        tensor([60., 20.])
    """
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    moved = torch._foreach_sub(parameters, anchors)  # noqa: SLF001 - as torch's own optimisers do
    torch._foreach_addcmul_(gradients, moved, importance, 2 * strength)


def wide(tensor: Tensor) -> torch.dtype:
    """The type of sums over many rows or steps of something: float32 at least."""
    return torch.promote_types(tensor.dtype, torch.float32)


def _fitted(kept: Mapping[str, Tensor], named: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """What is kept, as large as the parameters and on their devices; nothing if nothing is."""
    if not kept:
        return {}
    gone = [name for name in kept if name not in named]
    if gone:
        raise SchemaMismatch(_other(f"the model has no parameter {gone[0]!r} any more"))
    return {name: _one(name, kept.get(name), parameter) for name, parameter in named.items()}


def _one(name: str, kept: Tensor | None, parameter: nn.Parameter) -> Tensor:
    if kept is None:
        return torch.zeros_like(parameter, dtype=wide(parameter), requires_grad=False)
    if kept.shape == parameter.shape:
        return kept.to(parameter.device)
    try:
        return grown_like(kept, parameter)
    except SchemaMismatch as error:
        raise SchemaMismatch(_other(f"{name!r} was {tuple(kept.shape)} and is {tuple(parameter.shape)}")) from error


def _other(why: str) -> str:
    return (
        f"What the method has learned about weights does not fit this model: {why}. Only classifiers may grow. Go back "
        "to the architecture of the champion, or change the method (--change-method): another one begins anew."
    )
