from __future__ import annotations

import pytest

from vernal.ledger.maturity import Maturity, WrittenLabel, WrittenPrediction

PREDICTION = WrittenPrediction(sequence=5, id="a", time=100.0, version="v", prediction="1")
LABELS = [WrittenLabel(8, "a", 130.0, "corrected"), WrittenLabel(7, "a", 105.0, "first")]
ALL = {"predictions": 9, "labels": 9}
NEEDED, NOT_NEEDED = Maturity(20.0, needs_label=True), Maturity(20.0, needs_label=False)


@pytest.mark.parametrize(("now", "mature"), [(119.0, False), (120.0, True)])
def test_it_is_old_enough_from_its_maturity_on(now: float, mature: bool) -> None:
    for maturity in (NEEDED, NOT_NEEDED):
        assert maturity.reached(PREDICTION, LABELS, {"time": now, **ALL}) == mature


def test_a_label_is_needed_unless_there_is_a_default() -> None:
    look = {"time": 120.0, **ALL}
    assert not NEEDED.reached(PREDICTION, LABELS[:1], look)
    assert NEEDED.reached(PREDICTION, LABELS[:1], look | {"time": 130.0})
    assert NOT_NEEDED.reached(PREDICTION, [], look)


def test_what_was_not_written_yet_was_not_seen() -> None:
    assert not NEEDED.reached(PREDICTION, LABELS, {"time": 200.0, "predictions": 4, "labels": 9})
    assert not NEEDED.reached(PREDICTION, LABELS, {"time": 200.0, "predictions": 5, "labels": 6})
    assert NEEDED.reached(PREDICTION, LABELS, {"time": 200.0, "predictions": 5, "labels": 7})


def test_the_latest_label_that_is_known_counts() -> None:
    assert [NEEDED.label(PREDICTION, LABELS, now) for now in (104.0, 129.0, 130.0)] == [None, "first", "corrected"]


def test_where_there_is_a_default_a_label_counts_only_within_the_maturity() -> None:
    assert [NOT_NEEDED.label(PREDICTION, LABELS, now) for now in (104.0, 129.0, 130.0)] == [None, "first", "first"]
    assert NOT_NEEDED.label(PREDICTION, LABELS[:1], 130.0) is None
