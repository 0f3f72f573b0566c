"""One class for every token. Shapes: ``B`` rows, ``T`` tokens, ``C`` classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from vernal import metrics
from vernal.base import ConfigError
from vernal.tasks.dense import Dense
from vernal.tasks.outputs import scores_of
from vernal.tasks.task import Array


@dataclass(frozen=True)
class SequenceLabelling(Dense):
    """Predict the class of every token; the loss is the cross entropy, averaged over the tokens of a row that count.

    Targets are whole numbers ``(B, T)``, outputs logits ``(B, T, C)``. A row is right if all its tokens are.

    Args:
        ignore: the target of tokens that do not count: padding, and all but the first piece of a word.
        tags: the name of each class, if they mark spans: ``("O", "B-PER", "I-PER", ...)``. Then the F1 score of whole
            spans is measured, and is the headline.

    Examples:
        >>> import torch
        >>> SequenceLabelling().losses(torch.zeros(1, 3, 2), torch.tensor([[0, 1, -100]]))
        tensor([0.6931])
    """

    ignore: int = -100
    tags: tuple[str, ...] = ()

    name: ClassVar[str] = "sequence_labelling"
    class_dim: ClassVar[int] = -1

    def __post_init__(self) -> None:
        wrong = [tag for tag in self.tags if tag != "O" and not tag.startswith(("B-", "I-"))]
        if wrong:
            raise ConfigError(
                f"`tags` has {wrong[0]!r}. A tag is 'O', or 'B-' or 'I-' and the kind of span, such as 'B-PER'. Leave "
                "`tags` out if the classes do not mark spans."
            )

    @property
    def headline(self) -> str:
        """The F1 score of spans, or of classes if there are no `tags`."""
        return "span_f1" if self.tags else super().headline

    def check(self, outputs: Any, targets: Any, labels: tuple[int, int] | None, rows: int) -> None:
        """Demand one score a class and token, a class for every label, and a tag for every class."""
        super().check(outputs, targets, labels, rows)
        classes = self.scores(outputs).shape[-1]
        if self.tags and len(self.tags) < classes:
            raise ConfigError(
                f"The model has {classes} outputs, and `tags` names {len(self.tags)}. Name the tag of each class."
            )

    def measure(self, y: Array, predicted: Array) -> dict[str, float]:
        """All metrics by name; no ``span_f1`` if there are no spans, neither true nor predicted."""
        measured = super().measure(y, predicted)
        found = metrics.span_f1(y, predicted, self.tags) if self.tags else np.nan
        return measured if np.isnan(found) else {"span_f1": found} | measured

    def correct(self, y: Array, predicted: Array) -> Array | None:
        """Of which every token that counts is right."""
        return np.asarray(((y == predicted) | (y < 0)).all(axis=1))

    def right(self, outputs: Any, targets: Any) -> Tensor | None:
        """Of which every token that counts is right."""
        scores = scores_of(outputs)
        if scores is None or not self._fits(scores, targets):
            return None
        right: Tensor = (scores.argmax(-1) == targets) | (targets == self.ignore)
        return right.all(1)
