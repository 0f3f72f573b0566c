"""Statistics of the gradients of single rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from vernal.methods.step import Criterion, Network
from vernal.methods.weight_state import wide

Batches = Callable[[], Iterator[tuple[Any, Any]]]

# How many numbers the gradients of rows that are computed together may have: what a processor's cache holds, or enough
# to keep an accelerator busy (512 MiB).
_AT_ONCE, _AT_ONCE_ON_ACCELERATORS = 2**22, 2**27


def mean_over_rows(
    measure: Callable[[Tensor], Tensor],
    model: Network,
    objective: Criterion,
    batches: Batches,
    rows: int | None = None,
) -> list[Tensor]:
    """The mean over rows of something that is measured on the gradient of each row alone.

    A mean over batches would be something else: the square of a mean is not the mean of squares. The gradients of
    many rows are computed at once, by `torch.func.vmap`. Where a model does not allow that, since its code looks at
    values, as that of `vernal.models.MultiHead` does, rows are taken one after another, and an accelerator idles.

    Args:
        measure: elementwise, e.g. `torch.square`.
        model: in evaluation mode.
        objective: ``objective(outputs, targets)``, a scalar for a batch of one row.
        batches: walks through rows.
        rows: how many rows to take, drawn at random; None for all.

    Returns:
        A tensor for each trainable parameter, of its shape; float32 at least.

    Examples:
        >>> x = torch.tensor([[1.0], [-3.0]])
        >>> model, batches = Network(nn.Linear(1, 1, bias=False)), lambda: iter([(x, x)])
        >>> mean_over_rows(torch.square, model, lambda outputs, _: outputs.sum(), batches)
        [tensor([[5.]])]
    """
    gradients = _RowGradients(model, objective)
    sums, count = gradients.zeros(), 0
    for x, y in _drawn(batches, rows):
        for part_x, part_y in _parts(x, y, gradients.at_once):
            measured = [measure(g.to(s.dtype)).sum(0) for g, s in zip(gradients(part_x, part_y), sums, strict=True)]
            torch._foreach_add_(sums, measured)
            count += _length(part_y)
    return [total / max(1, count) for total in sums]


class _RowGradients:
    """Gradients of an objective in the trainable parameters, ``(B, ...)`` each, for a batch of rows."""

    def __init__(self, model: Network, objective: Criterion) -> None:
        self._objective = _Objective(model, objective)
        named = self._objective.named_parameters()
        self._parameters = {name: p for name, p in named if p.requires_grad}
        self._vectorised = True

    @property
    def at_once(self) -> int:
        """How many rows to compute together."""
        numbers = sum(p.numel() for p in self._parameters.values())
        on_cpu = all(p.device.type == "cpu" for p in self._parameters.values())
        return max(1, (_AT_ONCE if on_cpu else _AT_ONCE_ON_ACCELERATORS) // max(1, numbers))

    def zeros(self) -> list[Tensor]:
        return [torch.zeros_like(p, dtype=wide(p)) for p in self._parameters.values()]

    def __call__(self, x: Any, y: Any) -> list[Tensor]:
        if self._vectorised:
            try:
                return self._together(x, y)
            except (
                RuntimeError,
                ValueError,
            ):  # What vmap raises for what it cannot do; a true error comes again below.
                self._vectorised = False
        return self._one_by_one(x, y)

    def _together(self, x: Any, y: Any) -> list[Tensor]:
        def objective(parameters: dict[str, Tensor], x: Any, y: Any) -> Tensor:
            value: Tensor = functional_call(self._objective, parameters, (x, y))
            return value

        weights = {name: p.detach() for name, p in self._parameters.items()}
        alone = [_mapped(lambda leaf: leaf.unsqueeze(1), part) for part in (x, y)]
        with warnings.catch_warnings():  # Some layers are computed row by row inside; vmap says so, nobody can help it.
            warnings.filterwarnings("ignore", "There is a performance drop")
            return [*vmap(grad(objective), in_dims=(None, 0, 0))(weights, *alone).values()]

    def _one_by_one(self, x: Any, y: Any) -> list[Tensor]:
        parameters = [*self._parameters.values()]
        found = []
        for row_x, row_y in _parts(x, y, 1):
            value = self._objective(row_x, row_y)
            found.append(torch.autograd.grad(value, parameters, allow_unused=True, materialize_grads=True))
        return [torch.stack(rows) for rows in zip(*found, strict=True)]


class _Objective(nn.Module):
    """The objective as a module, so that its weights can be given from outside; in the precision of the training."""

    def __init__(self, model: Network, objective: Criterion) -> None:
        super().__init__()
        self.module = model.module
        self._model, self._criterion = model, objective

    def forward(self, x: Any, y: Any) -> Tensor:
        return self._criterion(self._model(x), y)


def _drawn(batches: Batches, rows: int | None) -> Iterator[tuple[Any, Any]]:
    """All rows, or some of them, each as likely as the others."""
    count = 0 if rows is None else sum(_length(y) for _, y in batches())
    if rows is None or count <= rows:
        yield from batches()
        return
    drawn = torch.zeros(count, dtype=torch.bool)
    drawn[torch.randperm(count)[:rows]] = True
    for x, y in batches():
        here, drawn = drawn[: _length(y)], drawn[_length(y) :]
        if here.any():
            yield _taken(x, here), _taken(y, here)


def _parts(x: Any, y: Any, size: int) -> Iterator[tuple[Any, Any]]:
    for start in range(0, _length(y), size):
        places = slice(start, start + size)
        yield _taken(x, places), _taken(y, places)


def _taken(value: Any, places: slice | Tensor) -> Any:
    return _mapped(lambda leaf: leaf[places], value)


def _mapped(function: Callable[[Tensor], Tensor], value: Any) -> Any:
    """A batch with a function applied to all its tensors."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return {key: _mapped(function, part) for key, part in value.items()}
    parts = [_mapped(function, part) for part in value]
    return tuple(parts) if isinstance(value, tuple) else parts


def _length(value: Any) -> int:
    """Rows in a batch."""
    while not isinstance(value, Tensor):
        value = next(iter(value.values() if isinstance(value, Mapping) else value))
    return len(value)
