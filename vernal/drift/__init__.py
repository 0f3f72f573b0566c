"""Has the data changed? Two-sample tests and sequential detectors over arrays. Knows nothing of retraining."""

from vernal.drift.adwin import ADWIN
from vernal.drift.chi_squared import ChiSquared
from vernal.drift.classifier import ClassifierTest
from vernal.drift.comparison import Comparison, TwoSampleTest
from vernal.drift.cusum import CUSUM, run_length_for
from vernal.drift.ddm import DDM
from vernal.drift.energy import Energy
from vernal.drift.hddm_a import HDDMA
from vernal.drift.hddm_w import HDDMW
from vernal.drift.holm import holm
from vernal.drift.ks import KS
from vernal.drift.label_free import Calibration, Estimate, cbpe, confidence, doc
from vernal.drift.mmd import MMD
from vernal.drift.monitor import Monitor
from vernal.drift.page_hinkley import PageHinkley
from vernal.drift.psi import PSI
from vernal.drift.sequential import DETECTORS, Direction, SequentialDetector

__all__ = [
    "ADWIN",
    "CUSUM",
    "Calibration",
    "ChiSquared",
    "ClassifierTest",
    "Comparison",
    "DDM",
    "DETECTORS",
    "Direction",
    "Energy",
    "Estimate",
    "HDDMA",
    "HDDMW",
    "KS",
    "MMD",
    "Monitor",
    "PSI",
    "PageHinkley",
    "SequentialDetector",
    "TwoSampleTest",
    "cbpe",
    "confidence",
    "doc",
    "holm",
    "run_length_for",
]
