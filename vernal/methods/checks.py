"""What several methods demand of their options, and of the model."""

from __future__ import annotations

from torch import Tensor

from vernal.base import TrainingError, check_whole
from vernal.memory import make_policy


def check_replay(memory_size: int | None, memory_batch: int, selection: str) -> None:
    """Demand a memory with room, draws of at least one row, and a selection that there is.

    Raises:
        ConfigError: otherwise.
    """
    if memory_size is not None:
        check_whole("memory_size", memory_size, 1, hint="Use `fine_tune` to train without memory.")
    check_whole("memory_batch", memory_batch, 1)
    make_policy(selection, memory_size)


def check_one_score_a_class(scores: Tensor) -> None:
    """Demand scores ``(B, C)`` of at least two classes, of methods that treat classes in different ways.

    Raises:
        TrainingError: otherwise.
    """
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise TrainingError(
            f"The model gives scores of the shape {tuple(scores.shape)}. This method treats classes in different ways, "
            "so it needs one score a class, (rows, classes). Choose a method that does not, such as `er`."
        )
