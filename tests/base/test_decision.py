from __future__ import annotations

import json

import pytest

from vernal.base import Decision


@pytest.mark.parametrize(
    ("outcome", "yes"),
    [("update", True), ("promote", True), ("wait", False), ("keep", False), ("reject", False), ("inconclusive", False)],
)
def test_there_is_something_to_do_after_an_update_and_a_promotion(outcome: str, yes: bool) -> None:
    assert Decision(outcome, "why").yes is yes


def test_a_decision_is_stored_as_plain_values() -> None:
    inner = Decision("keep", "nothing came")
    found = Decision("update", "enough", {"rows": 3, "parts": [inner.to_json()]}, fires=2).to_json()
    assert json.loads(json.dumps(found)) == {
        "outcome": "update",
        "why": "enough",
        "evidence": {"rows": 3, "parts": [{"outcome": "keep", "why": "nothing came", "evidence": {}}]},
        "fires": 2,
    }


def test_what_does_not_fire_does_not_say_so() -> None:
    assert "fires" not in Decision("keep", "nothing came").to_json()
