"""What freshness is worth: closed forms, the oracle, and the curve of quality against age. Pure arithmetic."""

from vernal.worth.freshness import FreshnessCurve, freshness_curve
from vernal.worth.oracle import Plan, oracle, replay
from vernal.worth.period import Period, best_period
from vernal.worth.recommendation import Recommendation, recommend

__all__ = [
    "FreshnessCurve",
    "Period",
    "Plan",
    "Recommendation",
    "best_period",
    "freshness_curve",
    "oracle",
    "recommend",
    "replay",
]
