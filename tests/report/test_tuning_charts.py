"""The geometry of a search: numbers worked out by hand, and what holds for every search."""

from __future__ import annotations

import math
import re
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.tunings import FOUR, past_of, trial, tuned, tuned_page
from vernal.report.charts import Line
from vernal.report.tuning_charts import coordinates_chart, curves_chart, pareto_chart
from vernal.space import Space, choice

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def by_number(lines: Any) -> dict[int, Line]:
    return {line.number: line for line in lines}


def drawings(html: str) -> list[Xml.Element]:
    """All that is drawn, read as XML."""
    return [Xml.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL)]


def coordinates(drawing: Xml.Element) -> list[tuple[float, float]]:
    """Every point of every line, dot and axis."""
    points = []
    for one in drawing.iter():
        here = {
            name: float(value)
            for name, value in one.attrib.items()
            if name in ("x", "y", "cx", "cy", "x1", "y1", "x2", "y2")
        }
        points += [(here[x], here[y]) for x, y in (("x", "y"), ("cx", "cy"), ("x1", "y1"), ("x2", "y2")) if x in here]
        path = [float(number) for number in NUMBER.findall(one.attrib.get("d", ""))]
        points += zip(path[::2], path[1::2], strict=True)
    return points


def test_a_learning_curve_lies_where_it_was_worked_out_by_hand() -> None:
    # Inside the frame: 632 wide from 64 on, 260 high from 276 upwards. Epochs 1 to 4; accuracy from 40 to 90 %.
    chart = curves_chart(tuned())
    assert chart is not None
    lines = by_number(chart.lines)
    assert lines[2].path == "M64.0 172.0L274.7 120.0L485.3 68.0L696.0 16.0"
    assert lines[2].dots == [(696.0, 16.0)]
    assert (lines[1].path, lines[1].dots) == ("", [(64.0, 276.0)])


def test_a_configuration_lies_where_it_was_worked_out_by_hand() -> None:
    # Axes at 120 + 536 n / 3, from 320 up to 36. 0.03 lies at log(30) / log(100) of a range from 0.001 to 0.1.
    lines = by_number(coordinates_chart(tuned()).lines)
    y = round(320 - 284 * math.log(30) / math.log(100), 1)
    assert lines[2].path == f"M120.0 320.0L298.7 {y}L477.3 36.0L656.0 36.0"


def test_a_hyperparameter_that_does_not_exist_leaves_a_gap() -> None:
    line = by_number(coordinates_chart(tuned()).lines)[1]
    assert line.path == "M120.0 36.0L298.7 36.0"
    assert line.dots == [(656.0, 320.0)]


def test_the_chosen_trial_is_drawn_above_all_others_and_the_failed_below() -> None:
    assert [line.kind for line in coordinates_chart(tuned()).lines] == ["failed", "other", "default", "chosen"]


def test_a_better_trial_is_drawn_more_strongly() -> None:
    trials = [trial(n, {"learning_rate": 0.01}, [score]) for n, score in enumerate([0.5, 0.1, 0.3, 0.9])]
    lines = by_number(coordinates_chart(tuned(past_of(trials), chosen=3)).lines)
    assert [lines[n].strength for n in range(4)] == [0.75, 0.25, 0.5, 1.0]


def test_the_lowest_error_is_at_the_top_and_the_axis_says_which_way_is_better() -> None:
    trials = [trial(n, {"learning_rate": 0.01}, [score], metric="mae") for n, score in enumerate([2.0, 1.0])]
    one = tuned(past_of(trials, metric="mae", higher_is_better=False), chosen=1)
    lines = by_number(coordinates_chart(one).lines)
    assert lines[1].dots[-1] == (656.0, 36.0)
    chart = curves_chart(one)
    assert chart is not None
    assert chart.up[0].label == "mae, lower is better"


def test_an_epoch_without_a_number_leaves_a_gap_in_its_curve() -> None:
    trials = [trial(0, {"learning_rate": 0.01}, [0.1, None, 0.2, math.nan, 0.3, 0.4])]
    chart = curves_chart(tuned(past_of(trials, levels=6), chosen=0))
    assert chart is not None
    assert (chart.lines[0].path.count("M"), len(chart.lines[0].dots)) == (1, 3)


def test_a_trial_that_diverged_is_drawn_at_the_edge_and_that_is_said() -> None:
    scores = [[1.0, 0.9], [1.1, 1.0], [1.2, 1e30]]
    trials = [trial(n, {"learning_rate": 0.01}, one, metric="loss") for n, one in enumerate(scores)]
    chart = curves_chart(tuned(past_of(trials, levels=2, metric="loss", higher_is_better=False), chosen=0))
    assert chart is not None
    assert chart.notes == ["1 of 6 values lie beyond the axis, and are drawn at its edge."]
    assert by_number(chart.lines)[2].dots == [(696.0, 16.0)]


def test_nothing_measured_is_no_chart_of_curves() -> None:
    assert curves_chart(tuned(past_of([FOUR[3] | {"number": 0}]), chosen=None)) is None


def test_a_trade_off_shows_all_trials_that_measured_both() -> None:
    config = {"learning_rate": 0.01}
    trials = [
        trial(0, config, [0.5], also={"latency_ms": 4.0}),
        trial(1, config, [0.9], also={"latency_ms": 8.0}),
        trial(2, config, [0.4], also={"latency_ms": None}),
        trial(3, config, [0.4], also={"latency_ms": 6.0}),
    ]
    chart = pareto_chart(tuned(past_of(trials), chosen=1, also=["latency_ms"], pareto=[0, 1]))
    assert chart is not None
    lines = by_number(chart.lines)
    assert {n: line.kind for n, line in lines.items()} == {0: "front", 1: "chosen", 3: "other"}
    assert [*lines[1].dots] == [(696.0, 16.0)]


def test_a_trade_off_that_nobody_measured_is_not_drawn() -> None:
    assert pareto_chart(tuned(also=["latency_ms"], pareto=[2])) is None


scores = st.lists(st.none() | st.floats(-1e9, 1e9) | st.just(math.nan), max_size=5)
configs = st.builds(
    lambda optimizer, rate, momentum: (
        {"optimizer": optimizer, "learning_rate": rate} | ({"momentum": momentum} if optimizer == "SGD" else {})
    ),
    st.sampled_from(["SGD", "Adam"]),
    st.floats(0.001, 0.1),
    st.floats(0, 1),
)
statuses = st.sampled_from(["complete", "paused", "failed"])
origins = st.sampled_from(["default", "random", "update 1a2b", "box, random"])


@st.composite
def searches(draw: st.DrawFn) -> dict[str, Any]:
    drawn = draw(st.lists(st.tuples(configs, scores, statuses, origins), min_size=1, max_size=8))
    trials = [
        trial(n, config, curve, status if curve else "failed", origin)
        for n, (config, curve, status, origin) in enumerate(drawn)
    ]
    return past_of(
        trials, levels=5, higher_is_better=draw(st.booleans()), metric=draw(st.sampled_from(["accuracy", "loss"]))
    )


@settings(max_examples=15, deadline=None)
@given(searches(), st.data())
def test_every_trial_is_drawn_inside_its_drawing_and_the_drawing_is_valid(
    past: dict[str, Any], data: st.DataObject
) -> None:
    numbers = [one["number"] for one in past["trials"]]
    html = tuned_page(past, chosen=data.draw(st.sampled_from([None, *numbers])), also=["loss"], pareto=numbers[:2])
    drawn = drawings(html)
    for drawing in drawn:
        _, _, width, height = map(float, drawing.attrib["viewBox"].split())
        for x, y in coordinates(drawing):
            assert 0 <= x <= width
            assert 0 <= y <= height
    assert any({int(one.attrib["data-trial"]) for one in drawing.iter("g")} == {*numbers} for drawing in drawn)


@pytest.mark.parametrize("n", [1, 2, 100])
def test_names_and_options_of_any_kind_are_text(n: int) -> None:
    hostile = '"><script>alert(1)</script>\0\n & {{ 7 * 7 }}' + "x" * 500
    space = Space({hostile: choice(*[f"{n} {hostile}" for n in range(n)], (1, "<b>"), None)})
    trials = [
        trial(0, {hostile: space[hostile].middle}, [0.5], origin=hostile),
        trial(1, {hostile: [1, "<b>"]}, [0.5]),
        trial(2, {hostile: None}, [], "failed", error=hostile),
    ]
    html = tuned_page(past_of(trials, space, levels=1), chosen=0)
    assert "<script" not in html
    assert "<b>" not in html
    drawn = drawings(html)
    assert {one.attrib["data-trial"] for one in drawn[1].iter("g")} == {"0", "1", "2"}
