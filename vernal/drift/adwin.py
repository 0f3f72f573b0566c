"""ADWIN, the adaptive window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from vernal.base import check_range, require
from vernal.drift.river_detector import EXTRA, RiverDetector
from vernal.drift.sequential import Finding


@dataclass(eq=False)
class ADWIN(RiverDetector):
    r"""Keeps a window that grows while its mean is stable, and cuts it where two parts differ [1]_.

    The window is cut where the means of two parts of :math:`n_0` and :math:`n_1` values differ by more than

    .. math::
        \epsilon = \sqrt{2 \, \sigma^2 \ln(2 \ln n / \delta) / m} + 2 \ln(2 \ln n / \delta) / (3 m),
        \qquad 1 / m = 1 / n_0 + 1 / n_1 .

    The default where nothing is known of the stream: no reference to choose, and hardly a false alarm. It is made for
    values between 0 and 1; larger ones are watched as well, with somewhat more false alarms.

    Args:
        direction: which change is an alarm: ``"up"``, ``"down"`` or ``"both"``.
        delta: confidence, between 0 and 1. A higher value sees smaller changes, and more that are none.

    Deviations:
        After an alarm nothing is kept, as in River; the paper keeps the newer part. River does not tell which of its
        many splits differed, so the evidence has no statistic and no threshold. ``before`` is the mean of what was cut
        off, and ``after`` that of the rest, in which some values are older than the change: it understates it.

    Examples:
        >>> decision = ADWIN().update_many([0.0, 0.0, 0.0, 1.0] * 100 + [1.0] * 100)
        >>> decision.outcome, decision.evidence["alarms"]
        ('drift', [447])

    References:
        .. [1] A. Bifet and R. Gavaldà. Learning from time-changing data with adaptive windowing. SDM 2007.
           https://doi.org/10.1137/1.9781611972771.42
    """

    delta: float = 0.002

    name: ClassVar[str] = "adwin"

    def __post_init__(self) -> None:
        check_range("delta", self.delta, 1e-12, 1)
        super().__post_init__()

    def _made(self) -> list[Any]:
        return [require("river.drift", EXTRA).ADWIN(delta=self.delta)]

    def _forget(self) -> None:
        super()._forget()
        self._total = 0.0

    def _run(self, stream: Iterator[tuple[int, float]]) -> int | None:
        (river,), total = self._rivers, self._total
        for i, x in stream:
            river.update(x)
            total += x
            if river.drift_detected:
                self._total = total
                return i
        self._total = total
        return None

    def _finding(self, n: int) -> Finding:
        (river,) = self._rivers
        kept, cut = int(river.width), n - int(river.width)
        after = river.total / kept if kept else None
        if not river.drift_detected:
            return Finding(None, None, None, after)
        before = (self._total - river.total) / cut
        way = "up" if after > before else "down"
        return Finding(None, None, before, after, way)

    def _memory(self) -> dict[str, Any]:
        return super()._memory() | {"total": self._total}

    def _recall(self, memory: Mapping[str, Any]) -> None:
        super()._recall(memory)
        self._total = memory["total"]
