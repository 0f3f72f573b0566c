"""Drawings of several lines with a legend, as templates draw them: where things lie, not how they look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from vernal.report.charts import Frame, Point, Side

WIDE = Frame(780, 300, left=94, right=24, top=16, bottom=44)
COLOURS = 6


@dataclass(frozen=True)
class Stroke:
    """What is drawn of one thing, in one colour.

    Args:
        number: counts the things of a page, so that each has the same colour in all drawings.
        label: for the legend, and under the pointer.
        path: its line, as an SVG path; empty for none.
        dots: an SVG path with a dot at each of some points; see `dots_of`.
        rings: likewise, of hollow ones.
        kind: how it is drawn: ``""``, ``"faint"``, ``"dashed"``.
    """

    number: int
    label: str
    path: str = ""
    dots: str = ""
    rings: str = ""
    kind: str = ""

    @property
    def colour(self) -> int:
        """The number of its colour; there are a few."""
        return self.number % COLOURS

    @property
    def width(self) -> float:
        """How thick it is: later ones are thinner, so that one that lies below another is still seen."""
        return max(1.2, round(2.8 - 0.3 * self.number, 1))

    @property
    def dash(self) -> int:
        """Which dashes tell it from others of its colour; 0 for none."""
        return self.number // COLOURS % 3


@dataclass(frozen=True)
class Level:
    """A line across a drawing: a threshold.

    Args:
        y: how far down it lies.
        label: what stands at its end.
    """

    y: float
    label: str


@dataclass(frozen=True)
class Drawing:
    """Lines and dots over an axis.

    Args:
        title: what it shows.
        frame: where it lies.
        across: the axis below.
        up: the upright axis.
        strokes: what is drawn, from the bottom to the top of the pile.
        levels: thresholds.
        band: an area behind the lines, as an SVG path.
        key: what dots and rings mean: pairs of a sign and words.
        notes: what a reader must know, in sentences.
    """

    title: str
    frame: Frame
    across: Side
    up: Side
    strokes: Sequence[Stroke]
    levels: Sequence[Level] = ()
    band: str = ""
    key: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def dots_of(points: Iterable[Point]) -> str:
    """One path with a dot at each point: a line of no length with round ends, a few bytes each.

    Examples:
        >>> dots_of([(1.0, 2.0), (3.5, 4.0)])
        'M1.0 2.0h0M3.5 4.0h0'
    """
    return "".join(f"M{x} {y}h0" for x, y in points)


def line_of(points: Sequence[Point]) -> str:
    """The path through two points or more; empty for fewer.

    Examples:
        >>> line_of([(1.0, 2.0), (3.5, 4.0)]), line_of([(1.0, 2.0)])
        ('M1.0 2.0L3.5 4.0', '')
    """
    return "M" + "L".join(f"{x} {y}" for x, y in points) if len(points) > 1 else ""
