"""Making room for new classes, wherever in a model the classifier sits."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from vernal.models.heads import GrowingHead
from vernal.models.multi_head import MultiHead


def growing_heads(model: nn.Module) -> list[GrowingHead | MultiHead]:
    """The classifiers of a model that can grow, in the order of definition; heads inside a `MultiHead` count as one."""
    multi = [module for module in model.modules() if isinstance(module, MultiHead)]
    inside = {head for module in multi for head in module.heads.values()}
    return [m for m in model.modules() if isinstance(m, GrowingHead | MultiHead) and m not in inside]


def has_growing_head(model: nn.Module) -> bool:
    """Whether a model has a classifier that can grow.

    Examples:
        >>> has_growing_head(nn.Sequential(nn.Linear(4, 3), GrowingHead(3)))
        True
    """
    return bool(growing_heads(model))


def grow_heads(model: nn.Module, classes: int, task_ids: Mapping[int, int] | None = None) -> bool:
    """Make room for new classes in all classifiers of a model that can grow.

    Parameters that grow are new objects, so make optimisers afterwards.

    Args:
        model: any model; one without growing heads is left as it is.
        classes: all classes, old and new, for each `GrowingHead`.
        task_ids: for each task, all its classes, for each `MultiHead`.

    Returns:
        Whether anything grew.

    Raises:
        ConfigError: not whole numbers of at least 0.

    Examples:
        >>> model = nn.Sequential(nn.Linear(4, 3), GrowingHead(3))
        >>> grow_heads(model, 5)
        True
        >>> grow_heads(model, 5)
        False
    """
    grown = False
    for head in growing_heads(model):
        if isinstance(head, GrowingHead):
            grown |= head.grow(classes)
        else:
            for task_id, own in (task_ids or {}).items():
                grown |= head.grow(task_id, own)
    return grown
