"""Plots as inline SVG. Colours are left to the page, so that they suit a light and a dark one.

A plot holds numbers and our own words only. Names that come with the data stand in the page around it.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from vernal.base import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORGOTTEN = "How much is forgotten: distance from the best"
INCHES = (5.6, 2.9)
MARKERS = {"o": "●", "s": "■", "^": "▲", "D": "◆", "v": "▼", "P": "✚"}
# matplotlib wants colours, the page has variables: each stands for one, and is replaced by it.
INK, FAINT = "#010101", "#010102"
SERIES = [f"#0102{n:02x}" for n in range(len(MARKERS))]
VARIABLES = {INK: "--ink", FAINT: "--line", **{colour: f"--series-{n}" for n, colour in enumerate(SERIES)}}
STYLE = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}


@dataclass(frozen=True)
class Series:
    """Values that belong together, and how the legend calls them.

    Args:
        label: for the legend, which is part of the page.
        values: one for each place; None leaves a gap.
    """

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Axis:
    """What is drawn along one side.

    Args:
        label: what it shows, with the unit.
        factor: what values are multiplied by, 100 for percent.
        from_zero: whether 0 is part of it, as it must be where lengths are compared.
    """

    label: str
    factor: float = 1.0
    from_zero: bool = False


@dataclass(frozen=True)
class Plot:
    """A drawing with its legend.

    Args:
        svg: the drawing.
        title: what it shows.
        legend: for each series the number of its colour, its marker, its label.
    """

    svg: Markup
    title: str
    legend: Sequence[tuple[int, str, str]]


def line_plot(title: str, places: Sequence[int], x_label: str, y: Axis, series: Sequence[Series]) -> Plot:
    """Draw values over updates or chunks.

    Args:
        title: what is shown.
        places: the numbers of the updates or chunks.
        x_label: what the places are.
        y: what the values are.
        series: one value for each place.

    Raises:
        MissingExtra: matplotlib is not installed.
    """

    def draw(axes: Axes) -> None:
        for n, one in enumerate(series):
            values = [math.nan if value is None else y.factor * value for value in one.values]
            # Later lines are thinner, so that one that lies below another is still seen.
            axes.plot(places, values, color=_colour(n), marker=_marker(n), linewidth=2.4 - 1.2 * n / len(series))
        axes.set_xticks(places)
        axes.set_xlim(min(places) - 0.4, max(places) + 0.4)
        axes.set_xlabel(x_label)
        _fit(axes, y)

    return Plot(_drawn(title, draw), title, _legend(series))


def cost_plot(title: str, x_label: str, y: Axis, series: Sequence[tuple[str, float, float | None]]) -> Plot:
    """Draw one point for each strategy: what it cost against what it reached.

    Args:
        title: what is shown.
        x_label: what it cost.
        y: what it reached.
        series: label, cost and result; no point where the result is not known.

    Raises:
        MissingExtra: matplotlib is not installed.
    """

    def draw(axes: Axes) -> None:
        for n, (_, cost, result) in enumerate(series):
            if result is not None:
                axes.plot([cost], [y.factor * result], color=_colour(n), marker=_marker(n), markersize=10)
        axes.set_xlim(0, 1.08 * max(cost for _, cost, _ in series) or 1.0)
        axes.set_xlabel(x_label)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.locator_params(axis="x", nbins=6)
        _fit(axes, y)

    return Plot(_drawn(title, draw), title, _legend([Series(label, ()) for label, _, _ in series]))


def _colour(n: int) -> str:
    return SERIES[n % len(SERIES)]


def _marker(n: int) -> str:
    return [*MARKERS][n % len(MARKERS)]


def _legend(series: Sequence[Series]) -> list[tuple[int, str, str]]:
    return [(n % len(SERIES), MARKERS[_marker(n)], one.label) for n, one in enumerate(series)]


def _fit(axes: Axes, y: Axis) -> None:
    axes.set_ylabel(y.label)
    if y.from_zero:
        axes.axhline(0, color=FAINT, zorder=0)


def _drawn(title: str, draw: Callable[[Axes], None]) -> Markup:
    matplotlib = require("matplotlib", "plots")
    figures = require("matplotlib.figure", "plots")
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": title}):
        figure: Figure = figures.Figure(figsize=INCHES, layout="constrained")
        draw(figure.add_subplot())
        file = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return Markup(_for_a_page(file.getvalue(), title))  # noqa: S704 (no text in it is a user's)


def _for_a_page(svg: str, title: str) -> str:
    """Leave out what only a file of its own needs: head, namespaces, styles, sizes, names that others have too."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg
