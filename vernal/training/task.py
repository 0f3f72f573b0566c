"""What kind of question the targets ask, and the loss that it implies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from vernal.base import ConfigError, TrainingError
from vernal.data import Schema

CLASSIFICATION, REGRESSION = "classification", "regression"


def task_of(schema: Schema) -> str | None:
    """``"classification"`` for one whole number a row, ``"regression"`` for decimal ones, else None."""
    leaf = schema.leaves.get("y")
    if leaf is None or leaf.kind == "str" or leaf.varies:
        return None
    if leaf.torch_dtype.is_floating_point:
        return REGRESSION
    count = 1
    for n in leaf.shape:
        count *= n or 0
    return CLASSIFICATION if count == 1 and leaf.torch_dtype != torch.bool else None


def row_losses(task: str | None, loss_fn: Callable[[Any, Any], Tensor] | None) -> Callable[[Any, Any], Tensor]:
    """The loss function: the user's, or the one that the task implies.

    Returns:
        ``loss(outputs, targets)``: one loss a row ``(B,)``, or whatever the user's function gives.

    Raises:
        ConfigError: the task implies none, and the user gave none.
    """
    if loss_fn is not None:
        if not callable(loss_fn):
            raise ConfigError(
                f"`loss_fn` gives a {type(loss_fn).__name__}. It must give a function of (outputs, targets), e.g. "
                "`torch.nn.CrossEntropyLoss()`."
            )
        return loss_fn
    if task == CLASSIFICATION:
        return _cross_entropy
    if task == REGRESSION:
        return _squared_error
    raise ConfigError(
        "The targets are neither one whole number a row (classification) nor decimal numbers (regression), so no loss "
        "is implied. Define `loss_fn` in the config file: it returns a function of (outputs, targets)."
    )


def mean_loss(losses: Callable[[Any, Any], Tensor]) -> Callable[[Any, Any], Tensor]:
    """The same loss as one number for the batch."""

    def criterion(outputs: Any, targets: Any) -> Tensor:
        loss = losses(outputs, targets)
        return loss.mean() if loss.ndim else loss

    return criterion


def scores_of(outputs: Any) -> Tensor | None:
    """The tensor of scores or values in what a model gives: the output itself, or its ``logits``; else None."""
    if isinstance(outputs, Mapping):
        outputs = outputs.get("logits")
    outputs = getattr(outputs, "logits", outputs)
    return outputs if isinstance(outputs, Tensor) else None


def classes_of(scores: Tensor, rows: int) -> Tensor | None:
    """The predicted classes ``(B,)``: the largest of ``(B, C)`` scores, or whether one logit a row is positive."""
    if scores.ndim == 2 and len(scores) == rows and scores.shape[1] > 1:
        return scores.argmax(1)
    if scores.numel() == rows and scores.ndim <= 2:
        return (scores.reshape(-1) > 0).long()
    return None


def check_outputs(outputs: Any, labels: tuple[int, int] | None, task: str | None, rows: int) -> None:
    """Demand outputs that fit the targets, before training starts.

    Args:
        outputs: what the model says to `rows` rows.
        labels: the smallest and the largest label, if they are known.
        task: what `task_of` gave.
        rows: rows in the batch.

    Raises:
        TrainingError: they do not fit.
    """
    if task not in (CLASSIFICATION, REGRESSION):
        return
    scores = scores_of(outputs)
    if scores is None:
        raise TrainingError(
            f"The model gives a {type(outputs).__name__}. The loss that a {task} implies needs a tensor, or something "
            "that has one as `logits`. Define `loss_fn` in the config file."
        )
    if task == REGRESSION:
        return
    if scores.ndim != 2 or len(scores) != rows:
        raise TrainingError(
            f"The model gives {tuple(scores.shape)} for {rows} rows. For a classification it must give one score a "
            "class, (rows, classes). Define `loss_fn` if it means something else."
        )
    classes = scores.shape[1]
    wrong = [label for label in labels or () if not 0 <= label < classes]
    if wrong:
        raise TrainingError(
            f"The data has the label {wrong[0]}, but the model has {classes} outputs, for labels 0 to "
            f"{classes - 1}. Give the model more outputs, or map the labels (`train_target_transform` and "
            "`test_target_transform`)."
        )


def _cross_entropy(outputs: Any, targets: Tensor) -> Tensor:
    scores = scores_of(outputs)
    assert scores is not None
    return F.cross_entropy(scores, targets.reshape(-1).long(), reduction="none")


def _squared_error(outputs: Any, targets: Tensor) -> Tensor:
    outputs = scores_of(outputs)
    # (B, 1) against (B,) would broadcast to (B, B).
    if outputs.numel() != targets.numel():
        raise TrainingError(
            f"The model gives {tuple(outputs.shape)} for targets {tuple(targets.shape)}. For a regression it must give "
            "as many numbers as there are targets. Define `loss_fn` if it means something else."
        )
    outputs = outputs.reshape(targets.shape)
    return F.mse_loss(outputs, targets.to(outputs.dtype), reduction="none").reshape(len(targets), -1).mean(1)
