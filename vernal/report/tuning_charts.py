"""What a search looked like: its learning curves, its configurations, its trade-offs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from vernal.report.charts import Chart, Frame, Line, Point, Side, path_of, pieces
from vernal.report.rulers import Ruler, Tick, ruler_of
from vernal.report.tuned import Tried, Tuned

WIDE = Frame(720, 320, left=64, right=24, top=16, bottom=44)
AXIS_WIDTH = 120
KINDS = ("failed", "other", "carried", "front", "default", "chosen")  # from the bottom to the top of the pile


def curves_chart(tuned: Tuned) -> Chart | None:
    """Draw what every trial measured at each level that it reached; None if nothing was measured."""
    scores = _in_units(tuned, (score for trial in tuned.trials for score in trial.scores))
    if not scores:
        return None
    across, up = Ruler(1, tuned.levels, whole=True), _score_ruler(tuned, scores)

    def points(trial: Tried) -> list[Point | None]:
        return [
            _meeting(WIDE, across.place(level), up.place(_in_unit(tuned, score)))
            for level, score in enumerate(trial.scores, start=1)
        ]

    return Chart(
        title=f"Learning curves: {tuned.metric} after every {tuned.unit}",
        frame=WIDE,
        across=Side(tuned.unit, across.labelled_ends),
        up=[Side(f"{tuned.scale.heading}, {tuned.direction}", up.ticks)],
        lines=_lines(tuned, points, marks_end=True),
        notes=_beyond(up, scores),
    )


def coordinates_chart(tuned: Tuned) -> Chart:
    """Draw every trial as a line across one axis for each hyperparameter, and one for what it reached."""
    rulers = {name: ruler_of(one) for name, one in tuned.space.items()}
    width = max(WIDE.width, AXIS_WIDTH * (len(rulers) + 1) + 64)
    frame = Frame(width, 340, left=AXIS_WIDTH, right=64, top=36, bottom=20)
    last_axis = max(1, len(rulers))
    sides = [Side(name, ruler.labelled_ends, n / last_axis) for n, (name, ruler) in enumerate(rulers.items())]
    scores = _in_units(tuned, (trial.score for trial in tuned.trials))
    last = _score_ruler(tuned, scores) if scores else None
    if last is not None:
        ticks = [Tick(_best_above(tuned, tick.place), tick.label) for tick in last.ticks]
        sides.append(Side(tuned.scale.heading, ticks, 1.0))

    def points(trial: Tried) -> list[Point | None]:
        places = [rulers[name].place(trial.config[name]) if name in trial.config else None for name in rulers]
        end = None if last is None else last.place(_in_unit(tuned, trial.score))
        places.append(None if end is None else _best_above(tuned, end))
        return [_meeting(frame, n / last_axis, place) for n, place in enumerate(places)]

    return Chart(
        title=f"Configurations, and what they reached: the best {tuned.metric} is at the top",
        frame=frame,
        across=None,
        up=sides,
        lines=_lines(tuned, points, marks_end=False),
        notes=[
            "A trial that was stopped is shown with what it had reached by then. "
            "A line has a gap where a hyperparameter does not exist.",
            *(_beyond(last, scores) if last is not None else []),
        ],
    )


def pareto_chart(tuned: Tuned) -> Chart | None:
    """Draw the first two objectives of all trials against each other; None if no trial has measured both."""
    one, other = tuned.objectives[:2]
    pairs = {trial.number: (trial.measures.get(other), trial.score) for trial in tuned.trials}
    known = [(x, y) for x, y in pairs.values() if x is not None and y is not None]
    if not known:
        return None
    across, up = Ruler.spanning([x for x, _ in known]), Ruler.spanning(_in_units(tuned, [y for _, y in known]))

    def points(trial: Tried) -> list[Point | None]:
        x, y = pairs[trial.number]
        return [_meeting(WIDE, across.place(x), up.place(_in_unit(tuned, y)))]

    front = {trial.number for trial in tuned.pareto}
    lines = [
        replace(line, kind="front") if line.number in front and line.kind != "chosen" else line
        for line in _lines(tuned, points, marks_end=True)
    ]
    return Chart(
        title=f"Trade-off: {one} against {other}",
        frame=WIDE,
        across=Side(f"{other}, {tuned.also_direction}", across.labelled_ends),
        up=[Side(f"{tuned.scale.heading}, {tuned.direction}", up.ticks)],
        lines=_piled(lines),
    )


def kind_of(tuned: Tuned, trial: Tried) -> str:
    """What a trial is drawn as."""
    if trial is tuned.chosen:
        return "chosen"
    if trial is tuned.default:
        return "default"
    if trial.status == "failed":
        return "failed"
    return "carried" if trial.is_from_history else "other"


def _lines(tuned: Tuned, points: Callable[[Tried], list[Point | None]], marks_end: bool) -> list[Line]:
    """One line for each trial of which there is something to draw; the better, the stronger."""
    order = tuned.worst_first
    lines = []
    for rank, trial in enumerate(order, start=1):
        if drawn := pieces(points(trial)):
            dots = [part[0] for part in drawn if len(part) == 1]
            end = [drawn[-1][-1]] if marks_end and len(drawn[-1]) > 1 else []
            strength = round(rank / len(order), 2)
            kind, hint = kind_of(tuned, trial), _hint(tuned, trial)
            lines.append(Line(trial.number, kind, strength, hint, path_of(drawn), [*dots, *end]))
    return _piled(lines)


def _piled(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (KINDS.index(line.kind), line.strength))


def _hint(tuned: Tuned, trial: Tried) -> str:
    reached = f"{tuned.metric} {tuned.scale.text(trial.score)}"
    where = f"{tuned.unit} {trial.level} of {tuned.levels}"
    return f"trial {trial.number}, {trial.fate} at {where}: {reached}; {trial.settings}"


def _meeting(frame: Frame, across: float | None, up: float | None) -> Point | None:
    return None if across is None or up is None else frame.point(across, up)


def _in_unit(tuned: Tuned, score: float | None) -> float | None:
    """A score as its axis counts: in percent where the metric is a share."""
    return 100 * score if score is not None and tuned.scale.in_percent else score


def _in_units(tuned: Tuned, scores: Iterable[float | None]) -> list[float]:
    return [number for score in scores if (number := _in_unit(tuned, score)) is not None]


def _score_ruler(tuned: Tuned, numbers: Sequence[float]) -> Ruler:
    return Ruler.over(numbers, max(numbers) if tuned.scale.higher_is_better else min(numbers))


def _beyond(ruler: Ruler, numbers: Sequence[float]) -> list[str]:
    beyond = sum(not ruler.holds(number) for number in numbers)
    return [f"{beyond:,} of {len(numbers):,} values lie beyond the axis, and are drawn at its edge."] if beyond else []


def _best_above(tuned: Tuned, place: float) -> float:
    return place if tuned.scale.higher_is_better else 1 - place
