"""What a model says to rows, frozen, and what that is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vernal import metrics
from vernal.training.feed import Feed
from vernal.training.task import CLASSIFICATION, REGRESSION

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Predictions:
    """Frozen predictions for some rows.

    Args:
        losses: the loss of each row, ``(n,)``; that of its batch where the loss is one number a batch.
        y: the targets, ``(n, ...)``; None where the task is neither classification nor regression.
        predicted: the predicted classes or values, of the same shape; None likewise.
        own: the values of the user's own metrics.
    """

    losses: Array
    y: Array | None
    predicted: Array | None
    own: Mapping[str, float]

    def measure(self, task: str | None) -> dict[str, float]:
        """All metrics by name."""
        if task is None or self.y is None or self.predicted is None:
            return {"loss": float(self.losses.mean())} | dict(self.own)
        measured = metrics.summary(task, self.y, self.predicted, losses=None)
        return measured | {"loss": float(self.losses.mean())} | dict(self.own)


@torch.no_grad()
def predict(
    model: Callable[[Any], Any],
    feed: Feed,
    losses: Callable[[Any, Any], Tensor],
    task: str | None,
    own_metrics: Mapping[str, Any] | None = None,
    batch_size: int = 256,
) -> Predictions:
    """Let a model predict all rows of a feed, in evaluation mode.

    Args:
        model: what predicts; put into evaluation mode by `evaluating`.
        feed: the rows.
        losses: ``losses(outputs, targets)``, one a row or one a batch.
        task: ``"classification"``, ``"regression"``, or None.
        own_metrics: torchmetrics-like objects with `update(outputs, targets)`, `compute()` and `reset()`.
        batch_size: rows at a time.
    """
    rows: list[tuple[Array, Array, Array]] = []
    row_losses: list[Array] = []
    own = dict(own_metrics or {})
    for metric in own.values():
        metric.reset()
    for start, batch in zip(range(0, len(feed), batch_size), feed.in_order(batch_size), strict=True):
        outputs = model(batch["x"])
        row_losses.append(_per_row(losses(outputs, batch["y"]), min(batch_size, len(feed) - start)))
        for metric in own.values():
            metric.to(feed.device).update(outputs, batch["y"])
        if task in (CLASSIFICATION, REGRESSION) and isinstance(outputs, Tensor):
            rows.append(_frozen(outputs, batch["y"], task or ""))
    parts = [np.concatenate(column) for column in zip(*rows, strict=True)] if rows else [None, None]
    values = {name: float(metric.compute()) for name, metric in own.items()}
    return Predictions(np.concatenate(row_losses), parts[0], parts[1], values)


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


def _per_row(loss: Tensor, rows: int) -> Array:
    """The loss of each row; a batch that has one for all counts for as much as it has rows."""
    if loss.ndim and len(loss) == rows:
        return _array(loss.reshape(rows, -1).mean(1))
    return _array(loss.mean().expand(rows))


def _frozen(outputs: Tensor, targets: Tensor, task: str) -> Any:
    if task == CLASSIFICATION:
        return _array(targets.reshape(-1)), _array(outputs.argmax(1))
    same = outputs.numel() == targets.numel()
    return _array(targets), _array(outputs.reshape(targets.shape) if same else outputs)


def _array(tensor: Tensor) -> Array:
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy()
