"""Functions of frozen predictions, NumPy only: accuracy, forgetting, transfer, flips, slices, errors."""

from vernal.metrics.average import average_accuracy, micro_average_accuracy
from vernal.metrics.calibration import expected_calibration_error, log_loss
from vernal.metrics.classification import accuracy, confusion_matrix, macro_f1, recall_per_class
from vernal.metrics.flips import (
    negative_flip_impact,
    negative_flip_rate,
    positive_flip_impact,
    positive_flip_rate,
)
from vernal.metrics.forgetting import forgetting
from vernal.metrics.lineage import cumulative_table, lineage_summary
from vernal.metrics.regression import mae, r2, rmse
from vernal.metrics.slices import by_slice
from vernal.metrics.summary import headline, is_higher_better, summary
from vernal.metrics.transfer import backward_transfer, forward_transfer

__all__ = [
    "accuracy",
    "average_accuracy",
    "backward_transfer",
    "by_slice",
    "confusion_matrix",
    "cumulative_table",
    "expected_calibration_error",
    "forgetting",
    "forward_transfer",
    "headline",
    "is_higher_better",
    "lineage_summary",
    "log_loss",
    "macro_f1",
    "mae",
    "micro_average_accuracy",
    "negative_flip_impact",
    "negative_flip_rate",
    "positive_flip_impact",
    "positive_flip_rate",
    "r2",
    "recall_per_class",
    "rmse",
    "summary",
]
