"""How many rows go through a model, forwards and backwards."""

from __future__ import annotations

import functools
from typing import Any

from torch import Tensor, nn
from torch._C import _functorch

from vernal.config import ConfigFile
from vernal.training import Silent

JUDGING = {"read config", "read data", "evaluate before", "evaluate"}


class Passes(Silent):
    """Counts the rows that go through the models of a config file, and through copies of them, while they learn.

    Given to an update as its reporter, it leaves out what only judges a model. What a method does before the first
    step and after the last one counts, and so do passes without gradients and those that `torch.func` makes of all
    rows at once. Not seen: passes that take a part of a model alone.
    """

    def __init__(self) -> None:
        self.forward = self.backward = 0
        self._learning = False

    def phase(self, name: str) -> None:
        self._learning = name not in JUDGING

    def watched(self, config: ConfigFile) -> dict[str, Any]:
        """The functions of a config file, with a `model_fn` whose models are counted."""
        model_fn = config.functions["model_fn"]

        @functools.wraps(model_fn)
        def watched_model_fn(*args: Any, **arguments: Any) -> nn.Module:
            model = model_fn(*args, **arguments)
            model.register_forward_hook(self._hook())
            return model

        return {**config.functions, "model_fn": watched_model_fn}

    def _hook(self) -> Any:
        def count(module: nn.Module, inputs: Any, output: Tensor) -> None:  # A function: a copied model shares it.
            if not self._learning:
                return
            rows, differentiated = _rows(output)
            self.forward += rows
            if differentiated:
                self.backward += rows
            elif output.requires_grad:
                output.register_hook(functools.partial(self._count_backward, rows))

        return count

    def _count_backward(self, rows: int, grad: Tensor) -> None:
        self.backward += rows


def _rows(output: Tensor) -> tuple[int, bool]:
    """Rows of the outputs, those hidden by `vmap` included; whether `torch.func.grad` will go back through them."""
    plain, differentiated = output, False
    while _functorch.is_functorch_wrapped_tensor(plain):
        differentiated |= _functorch.is_gradtrackingtensor(plain)
        plain = _functorch.get_unwrapped(plain)
    return plain.numel() // output.shape[-1], differentiated
