"""Renate's shift detectors, by the tests of `vernal.drift`."""

from vernal.renate.shift.detector import ShiftDetector, ShiftDetectorWithFeatureExtractor
from vernal.renate.shift.ks_detector import KolmogorovSmirnovCovariateShiftDetector
from vernal.renate.shift.mmd_detectors import MMDCovariateShiftDetector

__all__ = [
    "KolmogorovSmirnovCovariateShiftDetector",
    "MMDCovariateShiftDetector",
    "ShiftDetector",
    "ShiftDetectorWithFeatureExtractor",
]
