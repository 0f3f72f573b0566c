"""HDDM-W, McDiarmid's bound on weighted averages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar

from vernal.base import check_range, require
from vernal.drift.one_sided import OneSidedDetector
from vernal.drift.river_detector import EXTRA
from vernal.drift.sequential import Finding

MEANS = attrgetter("_total", "_s1_incr", "_s2_incr")


@dataclass(eq=False)
class HDDMW(OneSidedDetector):
    r"""Compares a weighted mean of the newest values with the lowest one before, by McDiarmid's bound [1]_.

    With weighted means :math:`\hat x_1` up to the cut and :math:`\hat x_2` after it, whose squared weights sum up to
    :math:`v_1` and :math:`v_2`, an alarm is :math:`\hat x_2 - \hat x_1 > \sqrt{(v_1 + v_2) \ln(1/\delta) / 2}`. Of all
    detectors the quickest at abrupt changes, with more false alarms.

    Args:
        direction: which change is an alarm: ``"up"``, ``"down"`` or ``"both"``.
        delta: confidence, between 0 and 1. A higher value sees smaller changes, and more that are none.
        decay: the weight of the newest value, between 0 and 1 (the paper's lambda). A lower value remembers longer.

    Examples:
        >>> decision = HDDMW().update_many([0.0, 0.0, 0.0, 1.0] * 100 + [1.0] * 100)
        >>> decision.outcome, decision.evidence["alarms"]
        ('drift', [414])

    References:
        .. [1] I. Frías-Blanco et al. Online and non-parametric drift detection methods based on Hoeffding's bounds.
           IEEE TKDE 27(3), 2015. https://doi.org/10.1109/TKDE.2014.2345382
    """

    delta: float = 0.001
    decay: float = 0.05

    name: ClassVar[str] = "hddm_w"

    def __post_init__(self) -> None:
        check_range("delta", self.delta, 1e-12, 1)
        check_range("decay", self.decay, 0, 1)
        super().__post_init__()

    def _one(self) -> Any:
        return require("river.drift.binary", EXTRA).HDDMW(drift_confidence=self.delta, lambda_val=self.decay)

    def _read(self, river: Any) -> Finding:
        every, first, second = MEANS(river)
        if not (first.is_init and second.is_init):
            return Finding(None, None, None, every.ewma if every.is_init else None)
        bound = math.sqrt((first.ibc + second.ibc) * math.log(1 / self.delta) / 2)
        return Finding(second.ewma - first.ewma, bound, first.ewma, second.ewma)
