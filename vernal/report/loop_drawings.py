"""What a loop looked like: decisions over time beside quality, drift, metrics and costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from vernal.report.charts import Frame, Point, Side
from vernal.report.dates import Dates
from vernal.report.drawings import WIDE, Drawing, Level, Stroke, dots_of, line_of
from vernal.report.operation import Compared, Operation, Values
from vernal.report.rulers import Ruler, Tick

LANES = Frame(WIDE.width, 170, WIDE.left, WIDE.right, 12, 44)
LOW = Frame(WIDE.width, 220, WIDE.left, WIDE.right, 16, 44)
NAMES = ("champion", "gate", "update", "trigger")  # from the bottom to the top
SMALLEST_P = 1e-6
MOST_METRICS = 4

# lane, outcome, how it is called, its colour, whether it is hollow
OUTCOMES = (
    ("trigger", "keep", "keep", 5, True),
    ("trigger", "wait", "wait", 4, True),
    ("trigger", "update", "an update is wanted", 0, False),
    ("update", "made", "a challenger", 0, False),
    ("update", "failed", "training failed", 1, True),
    ("gate", "reject", "rejected", 1, False),
    ("gate", "inconclusive", "inconclusive", 4, True),
    ("gate", "promote", "passed", 2, False),
)
MOVES = (
    ("update", "the first champion, or one without a gate", 3, False),
    ("promote", "promoted", 2, False),
    ("rollback", "rolled back", 1, False),
)


def drawings_of(operation: Operation) -> list[Drawing]:
    """All drawings for which there is anything to draw, over the same time."""
    if not operation.times:
        return []
    across = Dates.of(operation.times)
    drawn = [_timeline(operation, across), _quality(operation, across), *_metrics(operation, across)]
    drawn += [*_drift(operation.comparisons, across), _costs(operation, across)]
    return [one for one in drawn if one is not None]


def _timeline(operation: Operation, across: Dates) -> Drawing:
    """A lane for each kind of decision."""
    place = {name: (n + 0.5) / len(NAMES) for n, name in enumerate(NAMES)}

    def stroke(lane: str, label: str, colour: int, hollow: bool, times: Sequence[str]) -> Stroke:
        points = [LANES.point(across.place(time), place[lane]) for time in times]
        dots = dots_of(dict.fromkeys((round(x), y) for x, y in points))  # One for all that nobody could tell apart.
        return Stroke(colour, label, rings=dots) if hollow else Stroke(colour, label, dots=dots)

    strokes = [
        stroke(lane, label, colour, hollow, _times(operation.decisions, lane, outcome))
        for lane, outcome, label, colour, hollow in OUTCOMES
    ]
    strokes += [
        stroke("champion", label, colour, hollow, [one["time"] for one in operation.moves if one["kind"] == kind])
        for kind, label, colour, hollow in MOVES
    ]
    return Drawing(
        title="What happened when",
        frame=LANES,
        across=Side("time (UTC)", across.ticks),
        up=Side("", [Tick(place[name], name) for name in NAMES]),
        strokes=[one for one in strokes if one.dots or one.rings],
    )


def _quality(operation: Operation, across: Dates) -> Drawing | None:
    judged = operation.judged
    if not judged:
        return None
    up = Ruler.spanning([value for one in judged for value in (one.champion, one.challenger)])

    def points(read: Callable[[int], float]) -> list[Point]:
        return [WIDE.point(across.place(one.time), up.place(read(n)) or 0.0) for n, one in enumerate(judged)]

    champion = points(lambda n: judged[n].champion)
    challenger = points(lambda n: judged[n].challenger)
    return Drawing(
        title="Champion and challengers before the gate, on the same items",
        frame=WIDE,
        across=Side("time (UTC)", across.ticks),
        up=Side("what the gate compared", up.ticks),
        strokes=[
            Stroke(0, "the champion", line_of(champion), dots_of(champion)),
            Stroke(1, "the challenger", rings=dots_of(challenger)),
        ],
        notes=["Each judgment has its own items, so points are compared with their pair rather than along the line."],
    )


def _metrics(operation: Operation, across: Dates) -> list[Drawing]:
    names = [*dict.fromkeys(one.metric for one in operation.watched)]
    return [_metric(operation, name, across) for name in names[:MOST_METRICS]]


def _metric(operation: Operation, name: str, across: Dates) -> Drawing:
    watched = [one for one in operation.watched if one.metric == name]
    levels = sorted({one.threshold for one in watched if one.threshold is not None})
    up = Ruler.spanning([*(one.value for one in watched), *levels])
    points = [LOW.point(across.place(one.time), up.place(one.value) or 0.0) for one in watched]
    return Drawing(
        title=f"The champion's quality in production: {name}, as triggers measured it",
        frame=LOW,
        across=Side("time (UTC)", across.ticks),
        up=Side(name, up.ticks),
        strokes=[Stroke(0, name, line_of(points), dots_of(points))],
        levels=[Level(LOW.y(up.place(level) or 0.0), f"threshold {level:.4g}") for level in levels],
    )


def _drift(comparisons: Sequence[Compared], across: Dates) -> list[Drawing]:
    """Effects with their floor, and p-values with their level."""
    sizes = [one for one in comparisons if one.effect is not None]
    chances = [one for one in comparisons if one.p is not None]
    if not sizes or not chances:
        return []
    floor, alpha = comparisons[-1].floor, comparisons[-1].alpha
    up = Ruler.spanning([0.0, floor, *(one.effect for one in sizes if one.effect is not None)])
    p = Ruler(SMALLEST_P, 1.0, log=True)
    units = ", ".join(sorted({f"{one.sample} in {one.unit}" for one in sizes}))
    return [
        Drawing(
            title="Drift: how large the difference is from the champion's time",
            frame=LOW,
            across=Side("time (UTC)", across.ticks),
            up=Side("effect", up.ticks),
            strokes=_by_sample(sizes, lambda one: up.place(one.effect), across),
            levels=[Level(LOW.y(up.place(floor) or 0.0), f"floor {floor:.3g}")],
            notes=[f"{units}. What lies below the floor is no drift, however sure it is."],
        ),
        Drawing(
            title="Drift: how likely such a difference is without any",
            frame=LOW,
            across=Side("time (UTC)", across.ticks),
            up=Side("p, adjusted", p.ticks),
            strokes=_by_sample(chances, lambda one: p.place(max(one.p or 0.0, SMALLEST_P)), across),
            levels=[Level(LOW.y(p.place(alpha) or 0.0), f"level {alpha:.3g}")],
            notes=["The lower, the surer. A change counts below this level and above the floor."],
        ),
    ]


def _by_sample(
    comparisons: Sequence[Compared], height: Callable[[Compared], float | None], across: Dates
) -> list[Stroke]:
    strokes = []
    for number, name in enumerate(dict.fromkeys(one.sample for one in comparisons)):
        points = [LOW.point(across.place(one.time), height(one) or 0.0) for one in comparisons if one.sample == name]
        strokes.append(Stroke(number, name, line_of(points), dots_of(points)))
    return strokes


def _costs(operation: Operation, across: Dates) -> Drawing | None:
    """All that was spent on training so far; it rises at each update."""
    costs = operation.costs
    if not costs:
        return None
    totals = [*accumulate(seconds for _, seconds in costs)]
    up = Ruler.spanning([0.0, totals[-1]])
    steps: list[Point] = [LOW.point(0.0, 0.0)]
    for (time, _), before, after in zip(costs, [0.0, *totals], totals, strict=False):
        steps += [LOW.point(across.place(time), (up.place(total) or 0.0)) for total in (before, after)]
    steps.append(LOW.point(1.0, up.place(totals[-1]) or 0.0))
    return Drawing(
        title="Seconds spent on updates so far",
        frame=LOW,
        across=Side("time (UTC)", across.ticks),
        up=Side("seconds", up.ticks),
        strokes=[Stroke(0, "all updates, promoted or not", line_of(steps))],
    )


def _times(decisions: Iterable[Values], kind: str, outcome: str) -> list[str]:
    return [one["time"] for one in decisions if one["kind"] == kind and one["outcome"] == outcome]
