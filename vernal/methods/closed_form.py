"""What the methods share that need no gradient: features of rows, and scores in place of a classifier's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.base import ConfigError
from vernal.methods.step import Setting, Stage
from vernal.models import Features, MultiHead, head_of, logits_and_features
from vernal.tasks import Classification


def closed_form_stages(adapt: bool, first: bool) -> tuple[Stage, ...]:
    """No step at all, but in a first update that is to adapt the network: that trains like any other."""
    return (Stage("adapt"),) if adapt and first else (Stage("statistics", share=0.0),)


def rows_as_features(setting: Setting, head: str | None) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk once through the training rows: features ``(B, d)`` and targets, without gradients.

    Raises:
        ConfigError: the classifier is not known.
    """
    encoder = setting.model.beside(Features(setting.model.module, head))
    for x, y in setting.batches():
        with torch.no_grad():
            features = encoder(x)
        yield features, y


class OnFeatures(nn.Module):
    """A model whose classifier is replaced: what the classifier is given goes to a scorer.

    Scores are computed in float32 where the model computes in less: differences of large distances are lost in eight
    or eleven bits.

    Args:
        model: the model; its device becomes the scorer's.
        head: the name of its classifier; None to find it.
        scorer: features ``(B, d)`` to scores ``(B, C)``; its tensors may be of any type.
        classes: whether scores are of classes: where the model has more classes, the others get no chance, minus
            infinity. Otherwise scores get the shape of the model's own output.
    """

    def __init__(self, model: nn.Module, head: str | None, scorer: nn.Module, *, classes: bool = True) -> None:
        super().__init__()
        example = next(model.parameters(), torch.zeros(()))
        self.dtype = torch.promote_types(example.dtype, torch.float32)
        self.model, self.head, self.classes = model, head, classes
        self.scorer = scorer.to(example.device, self.dtype)

    def forward(self, x: Any) -> Tensor:
        """Scores, ``(B, C)``."""
        outputs, features = logits_and_features(self.model, x, self.head)
        own = Classification().scores(outputs)
        with torch.autocast(features.device.type, enabled=False):
            scores: Tensor = self.scorer(features.to(self.dtype))
        if not self.classes:
            return scores.reshape(own.shape)
        return F.pad(scores, (0, max(0, own.shape[1] - scores.shape[1])), value=-torch.inf)


class LinearScores(nn.Module):
    r"""Scores :math:`W (x - o) + b`.

    Args:
        weight: ``(C, d)``.
        bias: ``(C,)``.
        origin: ``(d,)``; None for zero.
    """

    def __init__(self, weight: Tensor, bias: Tensor, origin: Tensor | None = None) -> None:
        super().__init__()
        self.weight = nn.Buffer(weight)
        self.bias = nn.Buffer(bias)
        self.origin = nn.Buffer(torch.zeros_like(weight[0]) if origin is None else origin)

    def forward(self, features: Tensor) -> Tensor:
        """``(B, d)`` to ``(B, C)``."""
        return F.linear(features - self.origin, self.weight, self.bias)


class CosineScores(nn.Module):
    """The cosine between features and each mean ``(C, d)``, and a bias ``(C,)``."""

    def __init__(self, means: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.directions = nn.Buffer(F.normalize(means))
        self.bias = nn.Buffer(bias)

    def forward(self, features: Tensor) -> Tensor:
        """``(B, d)`` to ``(B, C)``."""
        return F.linear(F.normalize(features), self.directions, self.bias)


def chance(counts: Tensor) -> Tensor:
    """What is added to the scores of classes: 0 for those that have rows, minus infinity for the others.

    Examples:
        >>> chance(torch.tensor([3, 0]))
        tensor([0., -inf], dtype=torch.float64)
    """
    return torch.zeros(len(counts), dtype=torch.float64, device=counts.device).masked_fill(counts == 0, -torch.inf)


def check_unchanged(name: str, before: Any, now: Any) -> None:
    """Demand that a hyperparameter which decides what is counted stays as it was.

    Raises:
        ConfigError: it is another one.
    """
    if before != now:
        raise ConfigError(
            f"`{name}` is {now!r}, but all rows so far were counted with {before!r}. Leave it as it was, or begin a "
            "new lineage (another store) from the first chunk on."
        )


def check_one_head(model: nn.Module, head: str | None) -> None:
    """Demand that a label means the same class whatever the task of the row.

    Raises:
        ConfigError: the model has a classifier for every task; or it is not known.
    """
    if isinstance(head_of(model, head), MultiHead):
        raise ConfigError(
            "The model has a head for every task, and this method knows every class by its label alone, whatever the "
            "task. Give the model one head and labels that differ between tasks, or use `er`."
        )
