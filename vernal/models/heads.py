"""A classifier that gets a row for every class that turns up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from vernal.base import TrainingError, check_whole


class GrowingHead(nn.Linear):
    """A linear layer whose classes come one after another.

    It is an `nn.Linear` in everything else: its parameters are ``weight`` ``(C, d)`` and ``bias`` ``(C,)``, and
    `out_features` is `C`. A state dict with another number of classes, more or fewer, makes the head as large as the
    state when it is loaded. Whenever the size changes, the parameters are new objects, so make optimisers afterwards.

    Args:
        in_features: features of a row, `d`.
        classes: classes to begin with, `C`; with 0 the head can be used once it has grown.
        bias: whether to learn a bias for each class.

    Examples:
        >>> head = GrowingHead(3)
        >>> head.grow(2), head.grow(5), head.grow(4)
        (True, True, False)
        >>> head(torch.zeros(7, 3)).shape
        torch.Size([7, 5])
    """

    def __init__(self, in_features: int, classes: int = 0, bias: bool = True) -> None:
        check_whole("classes", classes, 0)
        super().__init__(in_features, classes, bias)

    def reset_parameters(self) -> None:
        """Draw all rows anew, as `nn.Linear` does."""
        if self.weight.numel():  # torch warns about drawing nothing
            super().reset_parameters()

    def grow(self, classes: int) -> bool:
        """Make room for classes: old rows stay exactly, new ones are drawn as those of a fresh `nn.Linear`.

        Args:
            classes: all classes, old and new; a head never shrinks, so fewer than it has change nothing.

        Returns:
            Whether the head grew.

        Raises:
            ConfigError: not a whole number of at least 0.
        """
        check_whole("classes", classes, 0)
        if classes <= self.out_features:
            return False
        place = {"device": self.weight.device, "dtype": self.weight.dtype}
        drawn = nn.Linear(self.in_features, classes - self.out_features, self.bias is not None, **place)
        with torch.no_grad():
            self._replace({name: torch.cat([old, drawn.get_parameter(name)]) for name, old in self.named_parameters()})
        return True

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name in nn.Linear
        """Score the classes: ``(..., d)`` to ``(..., C)``.

        Raises:
            TrainingError: the head has no classes yet.
        """
        if not len(self.weight):
            raise TrainingError(
                "The classifier has no classes yet. Grow it first: `vernal.models.grow_heads(model, classes)`."
            )
        return super().forward(input)

    def _replace(self, values: Mapping[str, Tensor]) -> None:
        for name, value in values.items():
            setattr(self, name, nn.Parameter(value, requires_grad=self.get_parameter(name).requires_grad))
        self.out_features = len(self.weight)

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        stored = state_dict.get(prefix + "weight")
        # A state with other features is left to torch, which names both shapes.
        if isinstance(stored, Tensor) and stored.shape[1:] == self.weight.shape[1:]:
            self._resize(len(stored))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def _resize(self, classes: int) -> None:
        if classes != self.out_features:
            self._replace({n: old.new_empty(classes, *old.shape[1:]) for n, old in self.named_parameters()})
