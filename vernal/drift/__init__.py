"""Has the data changed? Two-sample tests and sequential detectors over arrays. Knows nothing of retraining."""

from vernal.drift.adwin import ADWIN
from vernal.drift.comparison import Comparison, TwoSampleTest
from vernal.drift.cusum import CUSUM, run_length_for
from vernal.drift.ddm import DDM
from vernal.drift.hddm_a import HDDMA
from vernal.drift.hddm_w import HDDMW
from vernal.drift.page_hinkley import PageHinkley
from vernal.drift.sequential import DETECTORS, Direction, SequentialDetector

__all__ = [
    "ADWIN",
    "CUSUM",
    "DDM",
    "DETECTORS",
    "HDDMA",
    "HDDMW",
    "Comparison",
    "Direction",
    "PageHinkley",
    "SequentialDetector",
    "TwoSampleTest",
    "run_length_for",
]
