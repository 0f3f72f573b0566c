"""The page that puts strategies side by side."""

from __future__ import annotations

import pytest

from tests.report.pages import Page, names_elsewhere
from tests.report.records import lineage_of, without_validation
from vernal.base import DataError
from vernal.report import comparison_report

FORGETFUL = [[0.9], [0.5, 0.95]]
FAITHFUL = [[0.9], [0.875, 0.925]]
STRATEGIES = {
    "<b>fine-tuning</b>": lineage_of(FORGETFUL, samples=100),
    "replay": lineage_of(FAITHFUL, samples=250),
}


def test_every_strategy_has_a_row_with_its_final_scores_and_costs() -> None:
    first = Page(comparison_report(STRATEGIES)).tables[0].texts()
    assert first[1] == ["<b>fine-tuning</b>", "50.0", "95.0", "72.5", "40.0", "200", "2.5 s", "5.0 s"]
    assert first[2] == ["replay", "87.5", "92.5", "90.0", "2.5", "500", "2.5 s", "5.0 s"]


def test_every_strategy_has_its_own_matrix() -> None:
    tables = Page(comparison_report(STRATEGIES)).tables
    assert [table.texts()[2][1] for table in tables[1:3]] == ["50.0", "87.5"]


def test_the_best_comes_first_in_words_and_the_others_are_measured_by_it() -> None:
    text = Page(comparison_report(STRATEGIES)).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Best in the end, replay: 90.0 % on average over 2 chunks, after 500 samples." in text
    assert "Then <b>fine-tuning</b>: 72.5 %, 17.5 points behind, after 200 samples (40 % of that)." in text


def test_for_an_error_the_lowest_is_best() -> None:
    strategies = {
        name: lineage_of([[error]], metric="mae", higher_is_better=False) for name, error in (("a", 2.0), ("b", 1.0))
    }
    assert "Best in the end, b: 1 on average" in Page(comparison_report(strategies)).text


def test_the_introduction_and_the_names_are_text_and_nothing_is_loaded() -> None:
    html = comparison_report(STRATEGIES, "<i>title</i>", ["One & <u>two</u>."])
    page = Page(html)
    assert page.count("b") == page.count("u") == 0
    assert "<i>title</i>" in page.text
    assert "One & <u>two</u>." in page.text
    assert names_elsewhere(html) == []


def test_every_plot_has_a_legend_of_all_strategies() -> None:
    page = Page(comparison_report(STRATEGIES))
    assert page.count("svg") == 4
    glyphs = [attributes["style"] for tag, attributes in page.tags if tag == "i"]
    assert glyphs == ["color: var(--series-0)", "color: var(--series-1)"] * 4


def test_more_strategies_than_colours_begin_again() -> None:
    page = Page(comparison_report({f"strategy {n}": lineage_of([[0.5]]) for n in range(7)}))
    assert [attributes["style"] for tag, attributes in page.tags if tag == "i"][6] == "color: var(--series-0)"


def test_a_strategy_may_have_come_less_far_than_another() -> None:
    strategies = {"far": lineage_of(FAITHFUL), "near": lineage_of(FAITHFUL[:1])}
    assert Page(comparison_report(strategies)).tables[0].texts()[2][:3] == ["near", "90.0", ""]


def test_strategies_without_validation_are_not_compared() -> None:
    page = Page(comparison_report({"a": without_validation(2)}))
    assert "cannot be compared" in page.text
    assert page.count("svg") == 0


def test_no_strategy_is_an_error() -> None:
    with pytest.raises(DataError, match="no strategy to report on"):
        comparison_report({})


def test_strategies_judged_by_different_metrics_are_an_error() -> None:
    errors = lineage_of(FAITHFUL, metric="loss", higher_is_better=False)
    with pytest.raises(DataError, match="different metrics: accuracy, loss. Compare those of one"):
        comparison_report({"a": lineage_of(FAITHFUL), "b": errors})


def test_strategies_measured_on_other_rows_are_an_error() -> None:
    with pytest.raises(DataError, match="'b' was measured on other validation rows"):
        comparison_report({"a": lineage_of(FAITHFUL), "b": lineage_of(FAITHFUL, names=["x", "y"])})
