"""The page on a loop: what was decided, why, and what the gate found."""

from __future__ import annotations

import numpy as np

from tests.report.operations import decided, drifting, estimated, judged, looked, made, moved
from tests.report.pages import Page, names_elsewhere
from tests.report.records import lineage_of
from vernal.base import Decision
from vernal.drift import cbpe
from vernal.report import Operation, lineage_report, loop_report

HOSTILE = "</title></svg><script>alert(1)</script> {{ 7 * 7 }} & \"x\" 'y'"


def week() -> list[dict[str, object]]:
    looks = looked(drifting(), [0.0, 0.0, 0.0, 1.0, 1.0])
    return [*looks[:4], made(3.1, 20.0), judged(3.1, 0.05), looks[4], made(4.1, 12.5), judged(4.1, -0.05)]


def rows_of(page: Page, heading: str) -> list[list[str]]:
    """The table whose first row holds a heading."""
    return next(table.texts() for table in page.tables if heading in table.texts()[0])


def test_the_page_is_whole_and_tells_what_happened() -> None:
    page = Page(loop_report(week(), [moved(3.1, "promote", "v2")], "A week"))
    assert "A week" in page.text
    assert page.count("figure") == 6  # The timeline, gates, a metric, drift twice, costs.
    assert "2 challengers were trained, in 32.5 s." in page.text
    assert "The gate let 1 pass, rejected 1, and said 0 times" in page.text


def test_a_loop_that_never_decided_says_so() -> None:
    page = Page(loop_report([]))
    assert "Nothing was decided yet" in page.text
    assert page.count("svg") == 0
    assert page.tables == []


def test_a_single_decision_is_enough() -> None:
    page = Page(loop_report([judged(0, -0.01, items=200)]))
    assert page.count("figure") == 2
    assert rows_of(page, "kind")[1][1:4] == ["gate", "v2", "inconclusive"]


def test_the_newest_decisions_stand_first_with_their_reasons() -> None:
    found = week()
    rows = rows_of(Page(loop_report(found)), "kind")[1:]
    assert [row[0] for row in rows] == [str(one["time"])[:19].replace("T", " ") for one in reversed(found)]
    assert [row[4] for row in rows] == [one["why"] for one in reversed(found)]


def test_of_many_decisions_the_newest_are_listed_and_the_page_stays_small() -> None:
    many = [decided(n / 24, "trigger", "rows(5)", Decision("keep", f"look {n}", {})) for n in range(5000)]
    html = loop_report(many)
    rows = rows_of(Page(html), "kind")[1:]
    assert len(rows) == 60
    assert rows[0][4] == "look 4999"
    assert len(html) < 40_000


def test_every_check_of_the_gate_is_told_with_its_interval_against_the_bound() -> None:
    gate = judged(0, 0.03)
    finding = gate["evidence"]["challengers"][0]["findings"][0]
    page = Page(loop_report([gate]))
    table = next(one for one in page.tables if one.caption == "v2: promote")
    assert table.texts()[1][:2] == ["champion", "passed"]
    assert finding["why"] in table.texts()[1][3]
    lines = {a["class"]: a for name, a in page.tags if name == "line" and a.get("class") in ("interval", "at", "bound")}
    low, high = float(lines["interval"]["x1"] or 0), float(lines["interval"]["x2"] or 0)
    assert 0 < float(lines["bound"]["x1"] or 0) < low < float(lines["at"]["x1"] or 0) < high <= 100
    scale = (high - low) / (finding["interval"][1] - finding["interval"][0])
    drawn = (low - float(lines["bound"]["x1"] or 0)) / scale
    assert abs(drawn - (finding["interval"][0] - finding["bound"])) < 0.002


def test_slices_are_named_and_culprits_stand_first() -> None:
    page = Page(loop_report([judged(0, 0.02, slices=True)]))
    table = next(one for one in page.tables if one.caption == "v2: reject").texts()
    parts = [row for row in table if "slice," in row[0]]
    assert parts[0][0].startswith("shop")
    assert parts[0][3] == "shown to lose"
    assert parts[1][3] == ""


def test_how_many_labels_are_missing_is_told() -> None:
    gate = judged(0, -0.01, items=200)
    missing = gate["evidence"]["labels_missing"]
    assert f"labels missing {missing}" in Page(loop_report([gate])).text


def test_wear_and_force_are_told() -> None:
    page = Page(loop_report([judged(0, 0.03, looks=2), judged(1, -0.2, reason="the old one is illegal")]))
    assert "These items judged 2 times before." in page.text
    assert "Forced: the old one is illegal" in page.text


def test_a_gate_that_compared_nothing_says_why() -> None:
    why = "Nothing can be judged. The rows are gone."
    page = Page(loop_report([decided(0, "gate", "v2", Decision("inconclusive", why, {"fault": "gone"}))]))
    assert page.text.count(why) == 2


def test_drift_is_drawn_against_its_thresholds() -> None:
    page = Page(loop_report(looked(drifting(), [0.0, 0.0, 1.0])))
    assert "floor 0.1" in page.text
    assert "level 0.0333" in page.text
    assert "threshold 0.8" in page.text
    assert "features in standard deviations" in page.text


def test_beside_an_estimate_without_labels_stands_what_it_cannot_see() -> None:
    page = Page(loop_report([estimated(0)]))
    blind = cbpe(np.array([[0.75, 0.25]])).to_json()["note"]
    assert "blind to concept drift" in blind
    assert blind in rows_of(page, "kind")[1][4]


def test_promotions_and_rollbacks_are_marked() -> None:
    moves = [moved(3.1, "promote", "v2"), moved(3.5, "rollback", "v1")]
    page = Page(loop_report(week(), moves))
    assert "The champion was rolled back once, the last time to v1." in page.text
    assert "rolled back" in page.text
    assert "rolled back" not in Page(loop_report(week(), moves[:1])).text


def test_names_and_reasons_of_the_user_are_text_and_nothing_else() -> None:
    gate = judged(0, 0.03, reason=HOSTILE)
    gate["evidence"]["challengers"][0]["version"] = HOSTILE
    hostile = decided(1, "trigger", HOSTILE, Decision("keep", HOSTILE, {"note": HOSTILE}))
    watched = looked(drifting(), [0.0])
    metric = watched[0]["evidence"]["of"][1]["evidence"]
    metric["metric"] = HOSTILE
    page = Page(loop_report([gate, hostile, *watched], [moved(0, "rollback", HOSTILE)], title=HOSTILE))
    assert page.count("script") == 0
    assert HOSTILE in page.text


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs() -> None:
    html = loop_report(week(), [moved(3.1, "promote", "v2")])
    assert names_elsewhere(html) == []
    assert "<script" not in html
    assert len(html) < 60_000


def test_the_page_on_a_lineage_tells_of_its_loop() -> None:
    records = lineage_of([[0.9], [0.8, 0.7]])
    with_loop = Page(lineage_report(records, operation=Operation(week(), [moved(3.1, "promote", "v2")])))
    assert "What the loop did" in with_loop.text
    assert "What the gate found" in with_loop.text
    assert "What the loop did" not in Page(lineage_report(records)).text
    assert "What the loop did" not in Page(lineage_report(records, operation=Operation([]))).text
