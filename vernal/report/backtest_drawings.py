"""What a backtest looked like: quality over time, quality against cost, and errors against age."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from vernal.report.charts import Frame, Point, Side
from vernal.report.dates import Dates
from vernal.report.drawings import WIDE, Drawing, Stroke, dots_of, line_of
from vernal.report.rulers import Ruler, Tick

Findings = Mapping[str, Any]
Policy = Mapping[str, Any]

MOST_POINTS = 80  # of a line
BINS = 12
LANE = 24  # how high a lane is


def quality_drawing(findings: Findings) -> Drawing:
    """Draw how good each policy's model was on every chunk before it learned it."""
    policies, ends = findings["policies"], [chunk["end"] for chunk in findings["chunks"]]
    together = math.ceil(max(len(one["chunks"]) for one in policies) / MOST_POINTS)
    means = [_means(one["chunks"], together, findings) for one in policies]
    across = Dates.of(ends)
    up = Ruler.spanning([value for of in means for _, value in of])

    def line(of: Sequence[tuple[int, float]]) -> list[Point]:
        return [WIDE.point(across.place(ends[number]), up.place(value) or 0.0) for number, value in of]

    lines = [line(of) for of in means]
    strokes = [
        Stroke(number, one["name"], line_of(points), dots_of(points) if len(points) == 1 else "")
        for number, (one, points) in enumerate(zip(policies, lines, strict=True))
    ]
    return Drawing(
        title="Quality over time: each chunk, by the model in production when it came",
        frame=WIDE,
        across=Side("end of the chunk", across.ticks),
        up=Side(_heading(findings), up.ticks),
        strokes=strokes,
        notes=[f"Each point is the mean of {together} chunks."] if together > 1 else [],
    )


def updates_drawing(findings: Findings) -> Drawing:
    """Draw when each policy updated: a lane for each, below the drawing of quality."""
    policies, ends = findings["policies"], [chunk["end"] for chunk in findings["chunks"]]
    across = Dates.of(ends)
    frame = Frame(WIDE.width, WIDE.bottom + 12 + LANE * len(policies), WIDE.left, WIDE.right, 12, WIDE.bottom)
    lanes = [1 - (n + 0.5) / len(policies) for n in range(len(policies))]

    def stroke(number: int, one: Policy) -> Stroke:
        def marks(promoted: bool) -> str:
            updated = [turn for turn in one["chunks"] if turn["updates"] or turn["outcome"] == "promoted"]
            turns = [turn for turn in updated if (turn["outcome"] == "promoted") == promoted]
            points = [frame.point(across.place(ends[turn["number"]]), lanes[number]) for turn in turns]
            return dots_of(dict.fromkeys((round(x), y) for x, y in points))  # One for all that look the same.

        return Stroke(number, "", dots=marks(promoted=True), rings=marks(promoted=False), kind="small")

    return Drawing(
        title="When each policy updated",
        frame=frame,
        across=Side("end of the chunk", across.ticks),
        up=Side("", [Tick(lane, one["name"]) for lane, one in zip(lanes, policies, strict=True)]),
        strokes=[stroke(number, one) for number, one in enumerate(policies)],
        key=[("●", "a new model"), ("○", "an update that was not promoted")],
    )


def pareto_drawing(findings: Findings) -> Drawing:
    """Draw what each policy reached against what its training took; those that no other beats in both are joined."""
    policies = findings["policies"]
    quality = {one["name"]: _quality(one["score"], findings) for one in policies}
    across = Ruler.spanning([0.0, *(one["seconds"] for one in policies)])
    up = Ruler.spanning([*quality.values()])
    better_up = findings["metric"] == "accuracy"

    def at(one: Policy) -> Point:
        return WIDE.point(across.place(float(one["seconds"])) or 0.0, up.place(quality[one["name"]]) or 0.0)

    front = _front(policies)
    strokes = [Stroke(number, one["name"], dots=dots_of([at(one)])) for number, one in enumerate(policies)]
    joined = Stroke(5, "beaten by none", line_of([at(one) for one in front]), kind="dashed")
    return Drawing(
        title="Quality against the cost of training",
        frame=WIDE,
        across=Side("seconds of training in all", across.ticks),
        up=Side(_heading(findings), up.ticks),
        strokes=[joined, *strokes] if joined.path else strokes,
        notes=["The best place is at the top on the left." if better_up else "The best place is at the bottom left."],
    )


def freshness_drawing(findings: Findings) -> Drawing:
    """Draw the errors of models trained from scratch against their age, with the line through them."""
    curve = findings["freshness"]
    points, centre = _centred(curve["measured"])
    factor = 100 if findings["metric"] == "accuracy" else 1
    oldest = max(age for age, _ in points)

    def ends(slope: float) -> list[float]:
        return [factor * (centre[1] + slope * (age - centre[0])) for age in (0.0, oldest)]

    line, low, high = (ends(slope) for slope in (curve["slope"], *curve["interval"]))
    across = Ruler.spanning([0.0, oldest])
    shown = [factor * error for _, error in points]
    up = Ruler.spanning([*shown, *line])

    def at(age: float, error: float) -> Point:
        return WIDE.point(across.place(age) or 0.0, up.place(error) or 0.0)

    corners = [at(0.0, low[0]), at(centre[0], factor * centre[1]), at(oldest, low[1]), at(oldest, high[1])]
    corners += [at(centre[0], factor * centre[1]), at(0.0, high[0])]
    return Drawing(
        title="The value of freshness: errors of models trained from scratch, by their age",
        frame=WIDE,
        across=Side("age of the model in days", across.ticks),
        up=Side("wrong answers in %" if factor == 100 else "loss", up.ticks),
        strokes=[
            Stroke(
                5, "each model on each later chunk", dots=dots_of([at(a, factor * e) for a, e in points]), kind="faint"
            ),
            Stroke(
                1, "mean of models of about that age", dots=dots_of([at(a, factor * e) for a, e in _binned(points)])
            ),
            Stroke(0, "the line, and its interval", line_of([at(0.0, line[0]), at(oldest, line[1])])),
        ],
        band=line_of(corners) + "Z",
        notes=[
            "Chunks are not equally hard: each error is shown less the mean of its chunk, and plus the mean of all.",
            *([curve["note"]] if curve["note"] else []),
        ],
    )


def _quality(score: float, findings: Findings) -> float:
    """A score as an axis shows it: in percent, or the loss, of which less is better."""
    return 100 * score if findings["metric"] == "accuracy" else -score


def _heading(findings: Findings) -> str:
    return "accuracy in %" if findings["metric"] == "accuracy" else "loss, less is better"


def _means(chunks: Sequence[Any], together: int, findings: Findings) -> list[tuple[int, float]]:
    """The number of the last of so many chunks together, and the quality of all of them."""
    found = []
    for start in range(0, len(chunks), together):
        part = chunks[start : start + together]
        score = sum(one["score"] * one["rows"] for one in part) / sum(one["rows"] for one in part)
        found.append((part[-1]["number"], _quality(score, findings)))
    return found


def _front(policies: Iterable[Policy]) -> list[Policy]:
    """Those that no other beats in quality and in cost, the cheapest first."""
    order = sorted(policies, key=lambda one: (one["seconds"], -one["score"]))
    front: list[Policy] = []
    for one in order:
        if not front or one["score"] > front[-1]["score"]:
            front.append(one)
    return front


def _centred(measured: Sequence[Sequence[float]]) -> tuple[list[Point], Point]:
    """Ages, and errors as if all chunks were equally hard; and the middle of both."""
    chunks: dict[float, list[Point]] = defaultdict(list)
    for age, error, chunk in measured:
        chunks[chunk].append((age, error))
    compared = [points for points in chunks.values() if len({age for age, _ in points}) > 1]
    level = _mean([error for points in compared for _, error in points])
    found = [(age, error - _mean([e for _, e in points]) + level) for points in compared for age, error in points]
    return found, (_mean([age for age, _ in found]), level)


def _binned(points: Sequence[Point]) -> list[Point]:
    """The means of points of about the same age."""
    ages = sorted(age for age, _ in points)
    edges = sorted({ages[round(n * (len(ages) - 1) / BINS)] for n in range(BINS + 1)})
    bins = [[one for one in points if low <= one[0] < high] for low, high in pairwise([*edges, math.inf])]
    return [(_mean([age for age, _ in of]), _mean([error for _, error in of])) for of in bins if of]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
