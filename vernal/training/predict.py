"""What a model says to rows, frozen, and what that is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vernal.tasks import Task
from vernal.training.feed import Feed

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Predictions:
    """Frozen predictions for some rows.

    Args:
        losses: the loss of each row, ``(n,)``; that of its batch where the loss is one number a batch.
        y: the targets, ``(n, ...)``; None where the task, or what the model gives, tells no predictions.
        predicted: the predictions, ``(n, ...)``; None likewise.
        own: the values of the user's own metrics.
        by_row: whether each row has a loss of its own.
    """

    losses: Array
    y: Array | None
    predicted: Array | None
    own: Mapping[str, float]
    by_row: bool = True

    def measure(self, task: Task) -> dict[str, float]:
        """All metrics by name."""
        measured = {} if self.y is None or self.predicted is None else task.measure(self.y, self.predicted)
        return measured | {"loss": float(self.losses.mean())} | dict(self.own)

    def of(self, places: Array) -> Predictions | None:
        """Those of some rows, without the user's own metrics; None where targets do not stand row by row."""
        if self.y is None or self.predicted is None:
            return Predictions(self.losses[places], None, None, {}, self.by_row)
        if not len(self.y) == len(self.predicted) == len(self.losses):
            return None
        return Predictions(self.losses[places], self.y[places], self.predicted[places], {}, self.by_row)


@torch.no_grad()
def predict(
    model: Callable[[Any], Any],
    feed: Feed,
    losses: Callable[[Any, Any], Tensor],
    task: Task,
    own_metrics: Mapping[str, Any] | None = None,
    batch_size: int = 256,
) -> Predictions:
    """Let a model predict all rows of a feed, in evaluation mode.

    Args:
        model: what predicts; put into evaluation mode by `evaluating`.
        feed: the rows.
        losses: ``losses(outputs, targets)``, one a row or one a batch.
        task: what kind of question the targets ask.
        own_metrics: torchmetrics-like objects with `update(outputs, targets)`, `compute()`, `reset()` and `to(device)`.
        batch_size: rows at a time.
    """
    rows: list[tuple[Array, Array]] = []
    row_losses: list[Array] = []
    by_row = True
    own = dict(own_metrics or {})
    for metric in own.values():
        metric.reset()
    for start, batch in zip(range(0, len(feed), batch_size), feed.in_order(batch_size), strict=True):
        outputs = model(batch["x"])
        loss, n = losses(outputs, batch["y"]), min(batch_size, len(feed) - start)
        by_row = by_row and _is_per_row(loss, n)
        row_losses.append(_per_row(loss, n))
        for metric in own.values():
            metric.to(feed.device).update(outputs, batch["y"])
        frozen = task.freeze(outputs, batch["y"])
        if frozen is not None:
            rows.append(frozen)
    y, predicted = task.join(rows) if rows else (None, None)
    values: dict[str, float] = {}
    for name, metric in own.items():
        values |= _named(name, metric.compute())
    return Predictions(np.concatenate(row_losses), y, predicted, values, by_row)


class evaluating:  # noqa: N801 - reads as a statement: `with evaluating(model):`
    """Puts a model into evaluation mode, and back into the mode it was in."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model

    def __enter__(self) -> None:
        self._modes = [(module, module.training) for module in self._model.modules()]
        self._model.eval()

    def __exit__(self, *_: object) -> None:
        for module, mode in self._modes:
            module.training = mode


def _is_per_row(loss: Tensor, rows: int) -> bool:
    return bool(loss.ndim and len(loss) == rows)


def _per_row(loss: Tensor, rows: int) -> Array:
    """The loss of each row; a batch that has one for all counts for as much as it has rows."""
    if _is_per_row(loss, rows):
        return _array(loss.reshape(rows, -1).mean(1))
    return _array(loss.mean().expand(rows))


def _named(name: str, value: Any) -> dict[str, float]:
    """What a metric computed, by name: one number; several, by their names or places."""
    if isinstance(value, Mapping):
        return {key: number for part, v in value.items() for key, number in _named(str(part), v).items()}
    values = torch.as_tensor(value).detach().cpu().double()
    if values.ndim == 0:
        return {name: float(values)}
    return {f"{name}.{i}": float(v) for i, v in enumerate(values.reshape(-1))}


def _array(tensor: Tensor) -> Array:
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy()
