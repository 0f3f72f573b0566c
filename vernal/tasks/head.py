"""Whether a head has an output for every label."""

from __future__ import annotations

from vernal.base import TrainingError


def check_labels(labels: tuple[int, int] | None, classes: int) -> None:
    """Demand an output for the smallest and the largest label.

    Raises:
        TrainingError: one has none.
    """
    wrong = [label for label in labels or () if not 0 <= label < classes]
    if wrong:
        raise TrainingError(
            f"The data has the label {wrong[0]}, but the model has {classes} outputs, for labels 0 to "
            f"{classes - 1}. Give the model more outputs, or map the labels (`train_target_transform` and "
            "`test_target_transform`)."
        )
