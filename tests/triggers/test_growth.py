from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triggers.doubles import fires, looks, run
from vernal.base import ConfigError
from vernal.triggers import Facts, Growth, Settled


def thresholds(start, end):
    """In whole numbers: 5 % more is 21 twentieths."""
    base, found = start, []
    for n in range(start + 1, end + 1):
        if 20 * n >= 21 * base:
            found.append(n)
            base = n
    return found


def test_five_percent_fires_fourteen_times_from_1000_to_2000():
    counted = fires(Growth(0.05), looks(*[1] * 1000, known=1000))
    at = [1000 + place for place, count in enumerate(counted, start=1) if count]
    assert at == thresholds(1000, 2000)
    assert at[:4] == [1050, 1103, 1159, 1217]
    assert sum(counted) == 14


@given(st.lists(st.integers(0, 400), max_size=12), st.integers(0, 2000))
def test_the_cut_of_the_stream_does_not_matter(batches, known):
    state, decisions = run(Growth(0.05), looks(0, *batches, known=known))
    total = known + sum(batches)
    assert sum(decision.fires for decision in decisions) == len(thresholds(known, total))
    assert state["rows"] == total


def test_a_share_is_the_decimal_number_that_is_written():
    assert 100 * (1 + 0.1) > 110  # So in floating point, 110 would not be enough.
    assert fires(Growth(0.1), looks(10, known=100)) == [1]


def test_it_names_the_numbers():
    _, (decision,) = run(Growth(0.05), looks(120, known=1000))
    assert decision.why == "There are 1,120 rows; 1,050 are 5 % more than 1,000."
    assert decision.evidence == {"new_rows": 120, "rows": 1120, "base": 1000, "threshold": 1050}


def test_no_share_of_nothing_is_named():
    _, (decision,) = run(Growth(1.0), looks(445))
    assert (decision.yes, decision.why) == (True, "There are 445 rows; before there were none.")
    _, (decision,) = run(Growth(1.0), looks(0))
    assert (decision.yes, decision.why) == (False, "There are 0 rows; before there were none.")


@pytest.mark.parametrize("share", [0, -0.1, "5%", float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ConfigError, match=r"`share` must be at least 0\.001"):
        Growth(share)


def test_it_counts_from_what_a_new_champion_has_learned() -> None:
    trigger, noon = Growth(1.0), datetime(2026, 3, 1, 12, tzinfo=UTC)
    state, first = trigger.look(trigger.start(), Facts(noon, rows=445))
    assert first.yes
    state = trigger.settle(state, Settled(noon, promoted=True))
    state, half = trigger.look(state, Facts(noon, rows=300))
    assert (half.outcome, half.evidence["threshold"]) == ("keep", 890)
    assert trigger.settle(state, Settled(noon, promoted=False)) == state
