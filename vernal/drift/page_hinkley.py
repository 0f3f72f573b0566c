"""Page and Hinkley's test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar

from vernal.base import check_range, check_whole, require
from vernal.drift.moments import Moments
from vernal.drift.river_detector import EXTRA, RiverDetector
from vernal.drift.sequential import Finding

SUMS = attrgetter("_sum_increase", "_min_increase", "_sum_decrease", "_max_decrease")


@dataclass(eq=False)
class PageHinkley(RiverDetector):
    r"""Adds up by how much values lie above their mean, and looks how far the sum has risen from its lowest [1]_.

    .. math::
        m_t = m_{t-1} + z_t - \bar z_t - \delta, \qquad m_t - \min_s m_s > \lambda .

    The test knows no scale: at :math:`\lambda = 50`, values around 100 with standard deviation 10 raise fifty times as
    many alarms as standard ones. So z are standardised values: x less the mean of a reference, the first values, over
    their standard deviation, and all settings are in standard deviations. For losses and metrics of any scale.

    Args:
        direction: which change is an alarm: ``"up"``, ``"down"`` or ``"both"``.
        threshold: lambda, in standard deviations. A higher value raises fewer alarms, later.
        tolerance: delta, in standard deviations: changes of the mean below it are no matter.
        reference: values that tell the scale, at least 2. There is no alarm among them. A reference without any
            variation is prolonged until there is some.

    Deviations:
        River's tolerance of 0.005 raises an alarm every 1,800 standard normal values where nothing changes, and its
        fading of the sum (a factor of 0.9999) one every 15,000 even with a tolerance of 0.1. Here nothing fades, as
        in the paper: one in about 200,000 errors, fewer of normal values.

    Examples:
        >>> stream = [0.0, 0.0, 0.0, 10.0] * 100 + [10.0] * 100
        >>> decision = PageHinkley().update_many(stream)
        >>> decision.outcome, decision.evidence["alarms"]
        ('drift', [432])

    References:
        .. [1] E. S. Page. Continuous inspection schemes. Biometrika 41(1/2), 1954.
           https://doi.org/10.1093/biomet/41.1-2.100
    """

    threshold: float = 50.0
    tolerance: float = 0.1
    reference: int = 200

    name: ClassVar[str] = "page_hinkley"

    def __post_init__(self) -> None:
        check_range("threshold", self.threshold, 0)
        check_range("tolerance", self.tolerance, 0)
        check_whole("reference", self.reference, 2)
        super().__post_init__()

    def _made(self) -> list[Any]:
        river = require("river.drift", EXTRA)
        return [river.PageHinkley(delta=self.tolerance, threshold=self.threshold, alpha=1.0, mode=self.direction)]

    def _forget(self) -> None:
        super()._forget()
        self._reference = Moments()
        self._seen, self._lowest, self._highest = (0, 0.0), (0, 0.0), (0, 0.0)

    def _run(self, stream: Iterator[tuple[int, float]]) -> int | None:
        self._refer(stream)
        (river,), mean, sd = self._rivers, self._reference.mean, self._reference.sd
        (n, total), lowest, highest, alarm = self._seen, self._lowest, self._highest, None
        for i, x in stream:
            z = (x - mean) / sd
            river.update(z)
            n, total = n + 1, total + z
            if river._sum_increase == river._min_increase:  # noqa: SLF001 - River does not tell where it was lowest
                lowest = n, total
            if river._sum_decrease == river._max_decrease:  # noqa: SLF001
                highest = n, total
            if river.drift_detected:
                alarm = i
                break
        self._seen, self._lowest, self._highest = (n, total), lowest, highest
        return alarm

    def _refer(self, stream: Iterator[tuple[int, float]]) -> None:
        """Take in values until the reference is complete."""
        while not self._is_complete:
            value = next(stream, None)
            if value is None:
                return
            self._reference.add(value[1])

    @property
    def _is_complete(self) -> bool:
        return self._reference.n >= self.reference and self._reference.squares > 0

    def _finding(self, n: int) -> Finding:
        (river,), reference = self._rivers, self._reference
        if not self._seen[0]:
            return Finding(None, self.threshold, None, reference.mean if n else None)
        increase, lowest, decrease, highest = SUMS(river)
        rise, fall = increase - lowest, highest - decrease
        up = self.direction == "up" or (self.direction == "both" and rise >= fall)
        way = ("up" if up else "down") if river.drift_detected else None
        before, after = self._means(*(self._lowest if up else self._highest))
        return Finding(rise if up else fall, self.threshold, before, after, way)

    def _means(self, n: int, total: float) -> tuple[float, float | None]:
        """The mean up to where the sum was lowest, the reference included, and the mean since then."""
        reference, later = self._reference, self._seen[0] - n
        before = reference.mean + reference.sd * total / (reference.n + n)
        return before, reference.mean + reference.sd * (self._seen[1] - total) / later if later else None

    def _memory(self) -> dict[str, Any]:
        marks = {"seen": [*self._seen], "lowest": [*self._lowest], "highest": [*self._highest]}
        return super()._memory() | {"reference": vars(self._reference).copy()} | marks

    def _recall(self, memory: Mapping[str, Any]) -> None:
        super()._recall(memory)
        self._reference = Moments(**memory["reference"])
        self._seen, self._lowest, self._highest = (tuple(memory[mark]) for mark in ("seen", "lowest", "highest"))
