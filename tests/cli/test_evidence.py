from __future__ import annotations

from vernal.cli.evidence import evidence_lines


def test_values_are_told_as_people_write_them():
    evidence = {"new_rows": 12345, "share": 0.123456, "is_better": True, "interval": [0.1, 0.23456], "name": "f0"}
    assert evidence_lines(evidence) == [
        "new rows: 12,345",
        "share: 0.1235",
        "is better: yes",
        "interval: 0.1, 0.2346",
        "name: f0",
    ]


def test_what_is_not_known_is_left_out():
    assert evidence_lines({"anchor": None, "limits": {}, "faults": [], "rows": 0}) == ["rows: 0"]


def test_plain_values_come_before_parts():
    assert evidence_lines({"rule": {"alpha": 0.05, "mode": "superior"}, "items": 30}) == [
        "items: 30",
        "rule: alpha: 0.05, mode: superior",
    ]


def test_decisions_within_a_decision_are_told_as_such():
    part = {"trigger": "rows(10)", "pending": True, "outcome": "update", "why": "Enough.", "evidence": {"rows": 12}}
    assert evidence_lines({"of": [part]}) == [
        "of:",
        "  rows(10): update: Enough.",
        "    pending: yes",
        "    rows: 12",
    ]
    del part["trigger"]
    assert evidence_lines({"test": part}) == ["test: update: Enough.", "  pending: yes", "  rows: 12"]


def test_parts_of_parts_are_indented():
    evidence = {"comparisons": {"features": {"p": 0.01, "columns": [{"name": "f0", "p": 0.02}]}}, "rows": [[1, 2], [3]]}
    assert evidence_lines(evidence) == [
        "comparisons:",
        "  features:",
        "    p: 0.01",
        "    columns:",
        "      - name: f0, p: 0.02",
        "rows:",
        "  - 1, 2",
        "  - 3",
    ]


def test_a_sentence_that_stands_above_is_not_said_again():
    inner = {"trigger": "drift()", "outcome": "update", "why": "It has changed.", "evidence": {"p": 0.01}}
    outer = {"outcome": "update", "why": "It has changed.", "evidence": {"of": [inner]}}
    assert evidence_lines({"of": outer}, "It has changed.") == [
        "of: update",
        "  of:",
        "    drift(): update",
        "      p: 0.01",
    ]
    assert evidence_lines({"of": outer})[0] == "of: update: It has changed."
