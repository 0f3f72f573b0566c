"""HDDM-A, Hoeffding's bound on averages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar

from vernal.base import check_range, require
from vernal.drift.one_sided import OneSidedDetector
from vernal.drift.river_detector import EXTRA
from vernal.drift.sequential import Finding

MEANS = attrgetter("_z", "_x_min")


@dataclass(eq=False)
class HDDMA(OneSidedDetector):
    r"""Compares the mean of all values with the lowest mean of a beginning of the stream, by Hoeffding's bound [1]_.

    With the mean :math:`\bar x` of the first m values, chosen as the lowest, and :math:`\bar z` of all n, an alarm is

    .. math::
        \bar z - \bar x \ge \sqrt{\frac{n - m}{2 \, m n} \ln \frac{2}{\delta}} .

    As quick as ADWIN at abrupt changes of an error rate, and assumes nothing but values between 0 and 1.

    Args:
        direction: which change is an alarm: ``"up"``, ``"down"`` or ``"both"``.
        delta: confidence, between 0 and 1. A higher value sees smaller changes, and more that are none.

    Examples:
        >>> decision = HDDMA().update_many([0.0, 0.0, 0.0, 1.0] * 100 + [1.0] * 100)
        >>> decision.outcome, decision.evidence["alarms"]
        ('drift', [405])

    References:
        .. [1] I. Frías-Blanco et al. Online and non-parametric drift detection methods based on Hoeffding's bounds.
           IEEE TKDE 27(3), 2015. https://doi.org/10.1109/TKDE.2014.2345382
    """

    delta: float = 0.001

    name: ClassVar[str] = "hddm_a"

    def __post_init__(self) -> None:
        check_range("delta", self.delta, 1e-12, 1)
        super().__post_init__()

    def _one(self) -> Any:
        return require("river.drift.binary", EXTRA).HDDMA(drift_confidence=self.delta)

    def _read(self, river: Any) -> Finding:
        every, first = MEANS(river)
        later = every.n - first.n
        if not later:
            return Finding(None, None, None, every.get() if every.n else None)
        bound = math.sqrt(later / (2 * first.n * every.n) * math.log(2 / self.delta))
        after = (every.n * every.get() - first.n * first.get()) / later
        return Finding(every.get() - first.get(), bound, first.get(), after)
