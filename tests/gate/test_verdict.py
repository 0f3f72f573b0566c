import pytest

from vernal.gate.finding import Finding
from vernal.gate.verdict import Verdict


def found(outcome, why="", missing=None):
    return Finding("champion", outcome, why, {"labels": {"missing": missing}} if missing else {})


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (["passed", "noted"], "promote"),
        (["passed", "open", "passed"], "inconclusive"),
        (["open", "failed", "passed"], "reject"),
    ],
)
def test_what_speaks_against_it_weighs_most_and_what_is_open_next(outcomes, verdict):
    assert Verdict("b", [found(one) for one in outcomes]).outcome == verdict


def test_it_says_what_decided():
    assert Verdict("b", [found("passed", "x"), found("failed", "y"), found("failed", "z")]).why == "y; z"


def test_labels_settle_it_only_if_they_settle_everything_that_is_open():
    assert Verdict("b", [found("open", missing=10), found("open", missing=30), found("passed")]).labels_missing == 30
    assert Verdict("b", [found("open", missing=10), found("open")]).labels_missing is None
    assert Verdict("b", [found("passed")]).labels_missing is None
