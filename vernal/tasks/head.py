"""Whether a head has an output for every label."""

from __future__ import annotations

from vernal.base import TrainingError

MAP_THEM = "map the labels (`train_target_transform` and `test_target_transform`)"


def check_labels(labels: tuple[int, int] | None, classes: int) -> None:
    """Demand an output for the smallest and the largest label.

    Raises:
        TrainingError: one has none.
    """
    if labels is None:
        return
    smallest, largest = labels
    if smallest < 0:
        raise TrainingError(f"The data has the label {smallest}. Labels are whole numbers from 0: {MAP_THEM}.")
    if largest >= classes:
        outputs = "1 output, for the label 0" if classes == 1 else f"{classes} outputs, for labels 0 to {classes - 1}"
        single = " One logit for two classes wants a `loss_fn`." if classes == 1 else ""
        raise TrainingError(
            f"The data has the label {largest}, but the model has {outputs}. Give the model more outputs, or end it in "
            f"a `vernal.models.GrowingHead`, which gets one for every new class, or {MAP_THEM}.{single}"
        )
