"""Has the data changed? Two-sample tests and sequential detectors over arrays. Knows nothing of retraining."""

from vernal.drift.comparison import Comparison, TwoSampleTest

__all__ = ["Comparison", "TwoSampleTest"]
