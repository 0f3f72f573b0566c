"""The page on a backtest: every number is that of the findings, and nothing in it is foreign."""

from __future__ import annotations

import pytest

from tests.report.backtests import findings_of, freshness_of
from tests.report.pages import Page, names_elsewhere
from vernal.base import DataError
from vernal.report import backtest_report

HOSTILE = "</title></svg><script>alert(1)</script> {{ 7 * 7 }} & \"x\" 'y'"


def paths(page: Page, kind: str) -> list[str]:
    """The drawn paths of a class; those without one are lines."""
    return [a.get("d") or "" for name, a in page.tags if name == "path" and (a.get("class") or "") == kind]


def test_the_page_is_whole_and_has_drawings_tables_and_sentences() -> None:
    page = Page(backtest_report(findings_of(), title="Two policies"))
    assert page.tags[0][0] == "html"
    assert page.count("h1") == page.count("main") == page.count("style") == 1
    assert page.count("svg") == page.count("figure") == 4
    assert "Two policies" in page.text
    assert "One history is one sample." in page.text
    assert "Cheapest: always." in page.text


def test_the_numbers_of_the_table_are_those_of_the_findings() -> None:
    found = findings_of()
    rows = Page(backtest_report(found)).tables[0].rows
    assert [cell.text for cell in rows[0]][:7] == [
        "policy", "accuracy", "mistakes", "updates", "promoted", "training", "cost"
    ]  # fmt: skip
    for row, one in zip(rows[1:], found["policies"], strict=True):
        assert row[1].value == str(one["score"])
        assert row[2].value == str(one["mistakes"])
        assert row[3].text == str(one["updates"])
        assert row[6].value == str(one["cost"])


def test_the_best_and_the_present_policy_are_marked() -> None:
    found = findings_of() | {"present": "never"}
    rows = Page(backtest_report(found)).tables[0].texts()
    assert [row[0] for row in rows[1:]] == ["alwaysbest", "neverpresent"]
    both = Page(backtest_report(found | {"present": "always"})).tables[0].texts()
    assert both[1][0] == "alwaysbest, present"


def test_there_is_a_line_for_each_policy_and_a_dot_for_each_update() -> None:
    page = Page(backtest_report(findings_of()))
    lines = [path for path in paths(page, "") if path.count("L") == 4]
    assert len(lines) == 2
    assert paths(page, "dots")[0].count("M") == 5
    assert "When each policy updated" in page.text


def test_an_update_that_was_not_promoted_is_a_ring() -> None:
    found = findings_of()
    found["policies"][0]["chunks"][2]["outcome"] = "rejected"
    page = Page(backtest_report(found))
    assert [path.count("M") for path in paths(page, "rings")] == [1]
    assert paths(page, "dots")[0].count("M") == 4


def test_policies_that_none_beats_are_joined() -> None:
    scores = {"dear": [0.9] * 3, "cheap": [0.8] * 3, "worse": [0.7] * 3}
    found = findings_of(scores)
    for one, seconds in zip(found["policies"], (9.0, 1.0, 5.0), strict=True):
        one["seconds"] = seconds
    page = Page(backtest_report(found))
    joined = [path for path in paths(page, "") if path.count("L") == 1]
    assert len(joined) == 2  # The front, and the line of freshness.
    assert "beaten by none" in page.text


def test_a_long_history_is_drawn_by_means_that_say_so() -> None:
    scores = {"always": [0.9, 0.8] * 200, "never": [0.7] * 400}
    html = backtest_report(findings_of(scores))
    page = Page(html)
    assert "Each point is the mean of 5 chunks." in page.text
    assert max(path.count("L") for path in paths(page, "")) == 79
    assert "The first 60; all are in findings.json." in page.text
    assert len(html) < 1_200_000


def test_flat_is_said_plainly() -> None:
    flat = findings_of() | {"freshness": freshness_of(6, 0.02, flat=True)}
    assert "Flat: the interval of the slope holds 0" in Page(backtest_report(flat)).text
    assert "age matters" in Page(backtest_report(findings_of())).text


def test_errors_by_age_are_compared_within_chunks() -> None:
    """Chunks that are harder and harder: without them the made-up slope is seen exactly."""
    page = Page(backtest_report(findings_of()))
    faint = paths(page, "dots")[-2]
    points = [tuple(map(float, point.removesuffix("h0").split(" "))) for point in faint.split("M")[1:]]
    by_age: dict[float, set[float]] = {}
    for x, y in points:
        by_age.setdefault(x, set()).add(y)
    assert len(by_age) == 5
    assert len(points) == 14  # The chunk on which one model only was tested cannot be compared.


def test_losses_are_shown_as_such() -> None:
    page = Page(backtest_report(findings_of({"always": [-0.5, -0.25], "never": [-1.5, -2.0]}, metric="loss")))
    assert page.tables[0].texts()[1][1] == "0.375"
    assert "loss, less is better" in page.text
    assert "The best place is at the bottom left." in page.text


def test_without_a_price_there_is_no_cost() -> None:
    texts = Page(backtest_report(findings_of(update_cost=None))).tables[0].texts()
    assert "cost" not in texts[0]


def test_one_policy_and_one_chunk_are_enough() -> None:
    found = findings_of({"always": [0.9]}) | {"freshness": freshness_of(4)}
    page = Page(backtest_report(found))
    assert page.count("svg") == 4
    assert "1 policy over 2 chunks" in page.text


def test_names_and_reasons_of_the_user_are_text_and_nothing_else() -> None:
    found = findings_of({HOSTILE: [0.9, 0.8], "never": [0.8, 0.7]})
    found["policies"][0]["trigger"] = HOSTILE
    found["policies"][0]["chunks"][0]["why"] = HOSTILE
    found["said"] = [HOSTILE]
    page = Page(backtest_report(found, title=HOSTILE))
    assert page.count("script") == 0
    assert page.tables[0].texts()[1][0].startswith(HOSTILE)
    assert page.tables[1].texts()[1][3] == HOSTILE


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs() -> None:
    html = backtest_report(findings_of())
    assert names_elsewhere(html) == []
    assert "<script" not in html
    assert "http" not in html
    assert len(html) < 40_000


def test_the_same_findings_give_the_same_page() -> None:
    assert backtest_report(findings_of()) == backtest_report(findings_of())


def test_more_policies_than_colours_are_told_apart_by_dashes() -> None:
    scores = {f"policy {n}": [0.5 + 0.01 * n] * 3 for n in range(8)}
    page = Page(backtest_report(findings_of(scores)))
    groups = [attributes.get("class") for name, attributes in page.tags if name == "g"]
    assert " dash-0" in groups
    assert " dash-1" in groups


def test_findings_of_a_later_version_are_an_error() -> None:
    with pytest.raises(DataError, match="Findings of schema 2 cannot be shown; this vernal knows 1"):
        backtest_report(findings_of() | {"schema_version": 2})
