"""Functions of frozen predictions, NumPy only: accuracy, errors, rankings, forgetting, transfer, flips, slices."""

from vernal.metrics.average import average_accuracy, micro_average_accuracy
from vernal.metrics.calibration import expected_calibration_error, log_loss
from vernal.metrics.classification import accuracy, confusion_matrix, macro_f1, recall_per_class
from vernal.metrics.dense import dense_accuracy, dense_macro_f1, mean_iou
from vernal.metrics.flips import (
    negative_flip_impact,
    negative_flip_rate,
    positive_flip_impact,
    positive_flip_rate,
)
from vernal.metrics.forgetting import forgetting
from vernal.metrics.gaussian import coverage, gaussian_mae, gaussian_nll, gaussian_rmse
from vernal.metrics.lineage import cumulative_table, lineage_summary
from vernal.metrics.multilabel import average_precision, hamming_loss, micro_f1, multilabel_macro_f1, subset_accuracy
from vernal.metrics.ranking import mean_reciprocal_rank, ndcg, pairwise_accuracy
from vernal.metrics.regression import mae, r2, rmse
from vernal.metrics.slices import by_slice
from vernal.metrics.spans import span_f1, spans
from vernal.metrics.summary import headline, is_higher_better, summary
from vernal.metrics.transfer import backward_transfer, forward_transfer

__all__ = [
    "accuracy",
    "average_accuracy",
    "average_precision",
    "backward_transfer",
    "by_slice",
    "confusion_matrix",
    "coverage",
    "cumulative_table",
    "dense_accuracy",
    "dense_macro_f1",
    "expected_calibration_error",
    "forgetting",
    "forward_transfer",
    "gaussian_mae",
    "gaussian_nll",
    "gaussian_rmse",
    "hamming_loss",
    "headline",
    "is_higher_better",
    "lineage_summary",
    "log_loss",
    "macro_f1",
    "mae",
    "mean_iou",
    "mean_reciprocal_rank",
    "micro_average_accuracy",
    "micro_f1",
    "multilabel_macro_f1",
    "ndcg",
    "negative_flip_impact",
    "negative_flip_rate",
    "pairwise_accuracy",
    "positive_flip_impact",
    "positive_flip_rate",
    "r2",
    "recall_per_class",
    "rmse",
    "span_f1",
    "spans",
    "subset_accuracy",
    "summary",
]
