"""The page on one lineage: every number is that of a record, and nothing in it is foreign."""

from __future__ import annotations

import sys

import pytest

from tests.report.pages import Page, names_elsewhere
from tests.report.records import lineage_of, without_validation
from vernal.base import DataError, MissingExtra
from vernal.report import lineage_report

SCORES = [[0.9], [0.8125, 0.95], [0.7, 0.9375, 0.98765]]
HOSTILE = ["</table><script>alert(1)</script>", "$\\frac{1}{2}$ & {{ 7 * 7 }}", "名 \N{SNOWMAN} 'x' \"y\" <img src=x>"]


def matrix_of(page: Page) -> dict[tuple[str, int], str]:
    """The exact values in the matrix, by what was learned and the column."""
    rows = page.tables[0].rows[1:]
    return {
        (row[0].text, place): cell.value
        for row in rows
        for place, cell in enumerate(row)
        if cell.value is not None and "ahead" not in (cell.attributes.get("class") or "")
    }


def test_the_page_is_whole_and_has_plots_tables_and_sentences() -> None:
    page = Page(lineage_report(lineage_of(SCORES), title="A model"))
    assert page.tags[0][0] == "html"
    assert page.count("h1") == page.count("main") == page.count("style") == 1
    assert page.count("svg") == page.count("figure") == 2
    assert len(page.tables) == 3
    assert page.count("li") >= 4
    assert "A model" in page.text


def test_the_numbers_of_the_matrix_are_those_of_the_records() -> None:
    records = lineage_of(SCORES)
    found = matrix_of(Page(lineage_report(records)))
    expected = {
        (record["chunk"]["name"], place): str(row["after"]["accuracy"])
        for record in records
        for place, row in enumerate(record["metrics"]["validation"], start=1)
    }
    for record in records:
        name, summary = record["chunk"]["name"], record["metrics"]["summary"]
        expected |= {(name, 4): str(summary["average_accuracy"]), (name, 5): str(summary["forgetting"])}
    assert found == expected


def test_a_number_is_shown_in_percent_with_one_decimal() -> None:
    page = Page(lineage_report(lineage_of(SCORES)))
    assert page.tables[0].texts()[2][:3] == ["chunk 2", "81.2", "95.0"]


def test_the_score_before_learning_stands_in_the_row_of_the_update_before() -> None:
    page = Page(lineage_report(lineage_of(SCORES)))
    ahead = page.tables[0].rows[1][2]
    assert ahead.value == str(0.95 / 2)
    assert ahead.attributes["class"] == "score ahead"


def test_costs_and_origin_of_every_update_are_listed() -> None:
    page = Page(lineage_report(lineage_of(SCORES)))
    _, costs, origin = page.tables
    assert costs.texts()[3] == ["3", "chunk 3", "1,003", "100", "40", "2.50", "1.25", "246 kB", "–"]
    assert origin.texts()[1][:5] == ["1", "id1", "2026-11-20 10:00", "er memory_size=500", "3ep"]


def test_names_that_come_with_the_data_are_text_and_nothing_else() -> None:
    html = lineage_report(lineage_of(SCORES, names=HOSTILE), title="<b>&amp;")
    page = Page(html)
    assert page.count("script") == page.count("img") == page.count("b") == 0
    assert [row[0] for row in page.tables[0].texts()[1:]] == HOSTILE
    assert "<b>&amp;" in page.text


def test_nothing_is_loaded_from_elsewhere() -> None:
    html = lineage_report(lineage_of(SCORES))
    assert names_elsewhere(html) == []
    assert "http" not in html


def test_the_search_for_what_is_loaded_sees_it() -> None:
    html = '<img src="a.png"><p style="background: url(b.png)"></p><style>@import "c.css";</style>'
    assert names_elsewhere(html) == ["a.png", "background: url(b.png)", "@import"]


def test_no_name_is_given_to_two_things() -> None:
    ids = [attributes["id"] for _, attributes in Page(lineage_report(lineage_of(SCORES))).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_same_records_give_the_same_page() -> None:
    assert lineage_report(lineage_of(SCORES)) == lineage_report(lineage_of(SCORES))


def test_one_update_is_enough() -> None:
    page = Page(lineage_report(lineage_of([[0.9]])))
    assert "one update" in page.text
    assert "from the second update on" in page.text
    assert matrix_of(page)["chunk 1", 1] == "0.9"


def test_errors_are_shown_without_percent_and_read_the_other_way_round() -> None:
    page = Page(lineage_report(lineage_of([[2.0], [3.5, 1.25]], metric="mae", higher_is_better=False)))
    assert page.tables[0].texts()[2] == ["chunk 2", "3.5", "1.25", "2.375", "1.5"]
    assert "%" not in page.text
    assert "lower is better" in page.text
    assert "from 2 to 3.5" in page.text


def test_records_without_validation_say_so_and_still_tell_the_costs() -> None:
    page = Page(lineage_report(without_validation(2)))
    assert "No chunk came with validation rows" in page.text
    assert page.count("svg") == 0
    assert len(page.tables) == 2


def test_a_chunk_without_validation_leaves_a_gap() -> None:
    records = lineage_of(SCORES)
    records[1]["metrics"] |= {"validation": records[1]["metrics"]["validation"][:1], "summary": {}}
    table = Page(lineage_report(records)).tables[0].texts()
    assert table[2] == ["chunk 2", "81.2", "", "49.4", "–", "–"]


def test_a_score_that_was_not_a_number_leaves_a_gap() -> None:
    records = lineage_of([[0.9], [0.8, 0.7]])
    records[1]["metrics"]["validation"][0]["after"]["accuracy"] = None
    records[1]["metrics"]["summary"] = {"average_accuracy": None, "forgetting": None}
    assert Page(lineage_report(records)).tables[0].texts()[2] == ["chunk 2", "", "70.0", "–", "–"]


def test_the_end_of_a_long_lineage_can_be_reported_alone() -> None:
    page = Page(lineage_report(lineage_of(SCORES)[1:]))
    assert [row[0] for row in page.tables[0].texts()[1:]] == ["chunk 2", "chunk 3"]


def test_no_record_is_an_error() -> None:
    with pytest.raises(DataError, match="no record to report on. Run an update first"):
        lineage_report([])


def test_records_of_two_lineages_are_an_error() -> None:
    with pytest.raises(DataError, match=r"id1 does not follow from id2.*store.lineage"):
        lineage_report(lineage_of(SCORES)[1::-1])


def test_updates_judged_by_different_metrics_are_an_error() -> None:
    other = lineage_of([[1.0], [1.0, 2.0]], metric="loss", higher_is_better=False)[1]
    with pytest.raises(DataError, match="different metrics: accuracy, loss"):
        lineage_report([lineage_of(SCORES)[0], other])


def test_without_matplotlib_the_error_names_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"pip install 'vernal\[plots\]'"):
        lineage_report(lineage_of(SCORES))
