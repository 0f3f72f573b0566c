"""CUSUM, cumulative sums."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scipy.optimize import brentq

from vernal.base import check_range, check_whole
from vernal.drift.moments import Moments
from vernal.drift.sequential import Direction, Finding, SequentialDetector

OVERSHOOT = 1.166  # twice 0.583: by how much a random walk of normal steps jumps over a line, on average, at both ends


@dataclass(eq=False)
class CUSUM(SequentialDetector):
    r"""Adds up by how much values lie above their mean, starts again at zero, and is set by its false alarms [1]_.

    .. math::
        S_t = \max(0, S_{t-1} + z_t - k_t) > h, \qquad
        z_t = \sqrt{\frac{t - 1}{t}} \, \frac{x_t - \bar x_{t-1}}{s_{t-1}} , \qquad
        k_t = \frac{\delta}{2} + \gamma_{t-1} \frac{\delta^2}{6}

    for a change of :math:`\delta` standard deviations that is to be seen. z is x, standardised by all values before
    it: of normal values they are nearly independent and standard normal whatever mean and scale are, so the threshold
    holds without knowing these [2]_. It follows from the wanted number of values between false alarms
    (`threshold_for`). The quickest where the size of the change is known; a strong benchmark.

    Args:
        direction: which change is an alarm: ``"up"``, ``"down"`` or ``"both"``.
        run_length: values between two false alarms, on average, where nothing changes; see `run_length_for`.
        shift: the change of the mean that is to be seen quickly, in standard deviations; more than 0.
        reference: values before the first decision, at least 2, prolonged until there is some variation.

    Deviations:
        The skewness :math:`\gamma` is no part of the textbook's chart, which errors raise three times as often as is
        asked for, at a rate of 0.2, and seven times at 0.05. Its term is the next one of
        :math:`\ln E[e^{\delta z}] / \delta`, at which :math:`e^{\delta S}` stays the same on average. With it, normal
        values and errors at a rate of 0.2 raise as many false alarms as is asked for, errors at 0.05 two to three
        times as many.

    Examples:
        >>> decision = CUSUM(run_length=10_000).update_many([0.0, 0.0, 0.0, 1.0] * 100 + [1.0] * 100)
        >>> decision.outcome, decision.evidence["alarms"]
        ('drift', [408])

    References:
        .. [1] E. S. Page. Continuous inspection schemes. Biometrika 41(1/2), 1954.
           https://doi.org/10.1093/biomet/41.1-2.100
        .. [2] D. M. Hawkins. Self-starting CUSUM charts for location and scale. The Statistician 36(4), 1987.
           https://doi.org/10.2307/2348827
    """

    run_length: float = 10_000.0
    shift: float = 0.5
    reference: int = 200

    name: ClassVar[str] = "cusum"

    def __post_init__(self) -> None:
        check_range("run_length", self.run_length, 10)
        check_range("shift", self.shift, 1e-3)
        check_whole("reference", self.reference, 2)
        self._threshold = threshold_for(self.run_length, self.shift, self.direction)
        super().__post_init__()

    def _forget(self) -> None:
        self._moments = Moments()
        self._rise, self._fall = Excess(), Excess()

    def _run(self, stream: Iterator[tuple[int, float]]) -> int | None:
        moments, rise, fall, k, h = self._moments, self._rise, self._fall, self.shift / 2, self._threshold
        up, down, least = self.direction != "down", self.direction != "up", k / 2
        for i, x in stream:
            if moments.n >= self.reference and moments.squares > 0:
                z = math.sqrt(moments.n / (moments.n + 1)) * (x - moments.mean) / moments.sd
                lean = moments.skewness * self.shift**2 / 6
                if up:
                    rise.add(z - max(k + lean, least), x)
                if down:
                    fall.add(-z - max(k - lean, least), x)
            moments.add(x)
            if rise.sum > h or fall.sum > h:
                return i
        return None

    def _finding(self, n: int) -> Finding:
        side = self._fall if self._fall.sum > self._rise.sum else self._rise
        if not side.n:
            return Finding(0.0, self._threshold, None, self._moments.mean if n else None)
        before = (n * self._moments.mean - side.total) / (n - side.n)
        way = "down" if side is self._fall else "up"
        return Finding(
            side.sum, self._threshold, before, side.total / side.n, way if side.sum > self._threshold else None
        )

    def _memory(self) -> dict[str, Any]:
        parts = {"moments": self._moments, "rise": self._rise, "fall": self._fall}
        return {name: vars(part).copy() for name, part in parts.items()}

    def _recall(self, memory: Mapping[str, Any]) -> None:
        self._moments = Moments(**memory["moments"])
        self._rise, self._fall = Excess(**memory["rise"]), Excess(**memory["fall"])


@dataclass
class Excess:
    """A sum that starts again at zero, and the values since then: the estimate of what came after the change."""

    sum: float = 0.0
    n: int = 0
    total: float = 0.0

    def add(self, step: float, x: float) -> None:
        """Add a step; below zero, begin anew."""
        self.sum += step
        if self.sum > 0:
            self.n += 1
            self.total += x
        else:
            self.sum, self.n, self.total = 0.0, 0, 0.0


def run_length_for(false_alarms_per_month: float, values_per_day: float) -> float:
    """The mean number of values between two false alarms that is so many a month of 30 days.

    Examples:
        >>> run_length_for(false_alarms_per_month=1, values_per_day=2000)
        60000.0
    """
    check_range("false_alarms_per_month", false_alarms_per_month, 1e-9)
    check_range("values_per_day", values_per_day, 1e-9)
    return 30.0 * values_per_day / false_alarms_per_month


def mean_run_length(threshold: float, shift: float) -> float:
    r"""Siegmund's approximation of the values between two false alarms of a one-sided CUSUM [1]_.

    .. math::
        \mathrm{ARL}_0 = \frac{e^{2 k b} - 2 k b - 1}{2 k^2}, \qquad b = h + 1.166, \quad k = \mathrm{shift} / 2 .

    Examples:
        >>> round(mean_run_length(threshold=5.0, shift=1.0))
        938

    References:
        .. [1] D. Siegmund. Sequential Analysis. Springer 1985, section II.6.
    """
    k = shift / 2
    path = 2 * k * (threshold + OVERSHOOT)
    return (math.expm1(path) - path) / (2 * k**2)


def threshold_for(run_length: float, shift: float, direction: Direction) -> float:
    """The threshold h at which false alarms are as rare as is wanted, in standard deviations.

    Of two sides, each raises half of the alarms.

    Examples:
        >>> round(threshold_for(938, shift=1.0, direction="up"), 2)
        5.0
    """
    wanted = math.log(2 * run_length if direction == "both" else run_length)
    return float(brentq(lambda h: math.log(mean_run_length(h, shift)) - wanted, 0, 600 / shift))
