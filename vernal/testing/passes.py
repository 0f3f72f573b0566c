"""How many rows a method sends through networks, counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from vernal.methods import Method, Setting, Step
from vernal.testing import toy_config
from vernal.testing.toys import toy_update

ROWS, BATCH = 32, 16


class _Count:
    """Rows that went through the first layer of a toy network, forward and backward."""

    def __init__(self) -> None:
        self.forward = self.backward = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        hook = register_module_forward_hook(self._passed)
        try:
            yield
        finally:
            hook.remove()

    def _passed(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if toy_config.FEATURES not in (getattr(module, "in_features", None), getattr(module, "in_channels", None)):
            return
        self.forward += len(inputs[0])
        if isinstance(output, Tensor) and output.requires_grad:
            output.register_hook(self._came_back)  # type: ignore[no-untyped-call]

    def _came_back(self, gradient: Tensor) -> None:
        self.backward += len(gradient)


def passes_of(method: Method, task: str, folder: Path) -> tuple[float, float]:
    """Rows that go forward and backward for each new row in a second update, with as many replayed rows as new ones.

    For a method that takes no steps, those at the end of the update count.

    Args:
        method: what is looked at.
        task: a toy task that it serves.
        folder: for the store.
    """
    if "memory_batch" in {field.name for field in dataclasses.fields(method)}:  # type: ignore[arg-type]
        method = dataclasses.replace(method, memory_batch=BATCH)  # type: ignore[type-var]
    toy_update(folder, method, 1, rows=ROWS, batch_size=BATCH, task=task)
    count = _Count()
    result = toy_update(folder, _watched(method, count), 2, rows=ROWS, batch_size=BATCH, task=task, budget="2ep")
    rows = result.record["training"]["samples"] or ROWS
    return count.forward / rows, count.backward / rows


def _watched(method: Method, count: _Count) -> Method:
    kind = type(method)
    steps = any(stage.share for stage in method.stages(first=False))

    @dataclasses.dataclass
    class Watched(kind):  # type: ignore[misc,valid-type]
        def loss(self, step: Step) -> Tensor:
            with count.watching():
                loss: Tensor = super().loss(step)
                return loss

        def before_step(self, model: nn.Module) -> None:
            with count.watching():
                super().before_step(model)

        def after_step(self, model: nn.Module) -> None:
            with count.watching():
                super().after_step(model)

        def end(self, setting: Setting) -> None:
            if steps:
                super().end(setting)
            else:
                with count.watching():
                    super().end(setting)

        def __deepcopy__(self, memo: Any) -> Method:
            return self  # The count is outside.

    Watched.__module__ = kind.__module__
    Watched.__name__ = Watched.__qualname__ = kind.__name__
    options = {f.name: getattr(method, f.name) for f in dataclasses.fields(method) if f.init}  # type: ignore[arg-type]
    make: Callable[..., Method] = Watched
    return make(**options)
