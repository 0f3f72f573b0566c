"""DDM, the drift detection method."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar

from vernal.base import check_range, check_whole, require
from vernal.drift.one_sided import OneSidedDetector
from vernal.drift.river_detector import EXTRA
from vernal.drift.sequential import Finding

MEANS = attrgetter("_p", "_p_min", "_s_min")


@dataclass(eq=False)
class DDM(OneSidedDetector):
    r"""Compares the error rate since the beginning with the lowest that it has had [1]_.

    With the error rate :math:`p` of n values and :math:`s = \sqrt{p (1 - p) / n}`, an alarm is
    :math:`p + s > p_{\min} + k \, s_{\min}`. Old, simple and cheap; it misses a fifth of the small changes and cries
    ten times as often as ADWIN's relatives. A benchmark rather than a default.

    Args:
        direction: which change is an alarm: ``"up"``, ``"down"`` or ``"both"``.
        threshold: standard deviations, k.
        warm_up: values before the first decision, at least 1.

    Examples:
        >>> decision = DDM().update_many([0.0, 0.0, 0.0, 1.0] * 100 + [1.0] * 100)
        >>> decision.outcome, decision.evidence["alarms"]
        ('drift', [423])

    References:
        .. [1] J. Gama et al. Learning with drift detection. SBIA 2004.
           https://doi.org/10.1007/978-3-540-28645-5_29
    """

    threshold: float = 3.0
    warm_up: int = 30

    name: ClassVar[str] = "ddm"

    def __post_init__(self) -> None:
        check_range("threshold", self.threshold, 0)
        check_whole("warm_up", self.warm_up, 1)
        super().__post_init__()

    def _one(self) -> Any:
        return require("river.drift.binary", EXTRA).DDM(warm_start=self.warm_up, drift_threshold=self.threshold)

    def _read(self, river: Any) -> Finding:
        rate, lowest, spread = MEANS(river)
        if lowest is None:
            return Finding(None, self.threshold, None, rate.get() if rate.n else None)
        after = rate.get()
        above = after + math.sqrt(after * (1 - after) / rate.n) - lowest
        return Finding(above / spread if spread else None, self.threshold, lowest, after)
