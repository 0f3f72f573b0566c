"""The geometry of charts that templates draw as SVG: where things lie, not how they look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vernal.report.rulers import Tick

Point = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """A rectangle in a drawing, in which places run from 0 to 1, rightwards and upwards.

    Args:
        width: of the whole drawing, in units of its own.
        height: of the whole drawing.
        left: what is left free beside the rectangle.
        right: on its other side.
        top: above it.
        bottom: below it.

    Examples:
        >>> frame = Frame(200, 100, left=50, right=50, top=20, bottom=30)
        >>> frame.point(0, 0), frame.point(1, 1), frame.point(0.5, 0.5)
        ((50, 70), (150, 20), (100.0, 45.0))
    """

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    def x(self, place: float) -> float:
        """How far right a place lies."""
        return round(self.left + place * (self.width - self.left - self.right), 1)

    def y(self, place: float) -> float:
        """How far down a place lies."""
        return round(self.height - self.bottom - place * (self.height - self.top - self.bottom), 1)

    def point(self, across: float, up: float) -> Point:
        """Where two places meet."""
        return self.x(across), self.y(up)


@dataclass(frozen=True)
class Line:
    """A line for one trial, broken where something is missing.

    Args:
        number: of the trial.
        kind: what it is drawn as: ``chosen``, ``default``, ``front``, ``carried``, ``other``, ``failed``.
        strength: how strongly it is drawn, from 0 to 1.
        hint: what is said under the pointer.
        path: its pieces as an SVG path; empty if there is none of two points.
        dots: points that are marked.
    """

    number: int
    kind: str
    strength: float
    hint: str
    path: str
    dots: Sequence[Point]


@dataclass(frozen=True)
class Side:
    """An axis in a drawing.

    Args:
        label: what it shows, with its unit.
        ticks: its marks.
        at: where it stands, if it is one of several beside each other.
    """

    label: str
    ticks: Sequence[Tick]
    at: float = 0.0


@dataclass(frozen=True)
class Chart:
    """A drawing of lines.

    Args:
        title: what it shows.
        frame: where it lies.
        across: the axis below; None where upright axes stand beside each other.
        up: the upright axes.
        lines: what is drawn, from the bottom to the top of the pile.
        notes: what a reader must know, in sentences.
    """

    title: str
    frame: Frame
    across: Side | None
    up: Sequence[Side]
    lines: Sequence[Line]
    notes: Sequence[str] = ()


def pieces(points: Iterable[Point | None]) -> list[list[Point]]:
    """The parts of a line between its gaps.

    Examples:
        >>> pieces([(0, 0), (1, 1), None, (3, 3)])
        [[(0, 0), (1, 1)], [(3, 3)]]
    """
    found: list[list[Point]] = [[]]
    for point in points:
        if point is None:
            found.append([])
        else:
            found[-1].append(point)
    return [piece for piece in found if piece]


def path_of(parts: Iterable[Sequence[Point]]) -> str:
    """The SVG path through the parts of two points or more.

    Examples:
        >>> path_of([[(0.0, 0.0), (1.0, 1.5)], [(3.0, 3.0)], [(4.0, 4.0), (5.0, 4.0)]])
        'M0.0 0.0L1.0 1.5M4.0 4.0L5.0 4.0'
    """
    return "".join("M" + "L".join(f"{x} {y}" for x, y in part) for part in parts if len(part) > 1)
