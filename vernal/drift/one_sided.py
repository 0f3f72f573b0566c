"""Detectors that only see errors rise, turned to either side."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from vernal.drift.river_detector import RiverDetector
from vernal.drift.sequential import Array, Finding, check_unit_interval


class OneSidedDetector(RiverDetector):
    """Sees a fall of x as a rise of 1 - x, and both with two detectors of River, which forget together."""

    @abstractmethod
    def _one(self) -> Any:
        """A new detector of River, for rises."""

    @abstractmethod
    def _read(self, river: Any) -> Finding:
        """What one of River's detectors knows."""

    def _made(self) -> list[Any]:
        return [self._one() for _ in self._mirrored]

    @property
    def _mirrored(self) -> list[bool]:
        return {"up": [False], "down": [True], "both": [False, True]}[self.direction]

    def _checked(self, values: Sequence[float] | Array) -> Array:
        return check_unit_interval(super()._checked(values), self.name)

    def _run(self, stream: Iterator[tuple[int, float]]) -> int | None:
        sides = [*zip(self._rivers, self._mirrored, strict=True)]
        for i, x in stream:
            for river, mirrored in sides:
                river.update(1.0 - x if mirrored else x)
                if river.drift_detected:
                    return i
        return None

    def _finding(self, n: int) -> Finding:
        del n
        sides = [*zip(self._rivers, self._mirrored, strict=True)]
        river, mirrored = next((side for side in sides if side[0].drift_detected), sides[0])
        finding = self._read(river)
        finding = _mirror(finding) if mirrored else finding
        return replace(finding, direction="down" if mirrored else "up") if river.drift_detected else finding


def _mirror(finding: Finding) -> Finding:
    before, after = (None if mean is None else 1 - mean for mean in (finding.before, finding.after))
    return replace(finding, before=before, after=after)
