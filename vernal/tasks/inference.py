"""The task that the targets imply, or that the user names."""

from __future__ import annotations

import math

import torch

from vernal.base import ConfigError
from vernal.data import Schema
from vernal.tasks.catalogue import task_class
from vernal.tasks.classification import Classification
from vernal.tasks.multilabel import MultiLabel
from vernal.tasks.other import Other
from vernal.tasks.regression import Regression
from vernal.tasks.task import Task


def task_of(schema: Schema) -> Task:
    """The task that targets imply by their type and shape.

    One whole number a row is a classification; decimal numbers, as many in every row, a regression; several truth
    values a row are a multi-label one. All others are to be named, see `make_task`.

    Examples:
        >>> task_of(Schema.of_row(x=0.5, y=3))
        Classification()
        >>> task_of(Schema.of_row(x=0.5, y="a cat"))
        Other()
    """
    leaf = schema.leaves.get("y")
    if leaf is None or leaf.kind == "str" or leaf.varies:
        return Other()
    if leaf.torch_dtype.is_floating_point:
        return Regression()
    count = math.prod(n or 0 for n in leaf.shape)
    if leaf.torch_dtype == torch.bool:
        return MultiLabel() if len(leaf.shape) == 1 and count > 1 else Other()
    return Classification() if count == 1 else Other()


def make_task(value: str | Task | None, schema: Schema) -> Task:
    """The task that a user means.

    Args:
        value: a task, its name, or None for the one that the targets imply.
        schema: what a row looks like.

    Raises:
        ConfigError: no task is called so.

    Examples:
        >>> make_task("regression", Schema.of_row(x=0.5, y=3))
        Regression()
    """
    if value is None:
        return task_of(schema)
    if isinstance(value, Task):
        return value
    if isinstance(value, str):
        return task_class(value)()
    raise ConfigError(
        f'`task_fn` gives a {type(value).__name__}. It must give a task, or the name of one, e.g. "segmentation".'
    )
