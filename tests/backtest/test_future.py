"""The future is poisoned: whatever comes later, decisions until now are the same; and so are those under delay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backtest.histories import HOUR, backtest, policies, stream
from vernal.backtest import Course, Lives

ROWS, EVERY = 120, 20
DELAY_HOURS = 30
WATCHFUL = ("always", "worse", "drifted", "gated")


def chosen() -> Mapping[str, Any]:
    return {name: policies()[name] for name in WATCHFUL}


def poisoned(columns: Mapping[str, Any], rows_from: int, labels_from: int, poison: float) -> dict[str, Any]:
    """The history with rows after a time made rubbish, and labels that become known after it turned round."""
    found = {name: np.array(values) for name, values in columns.items()}
    for name in ("a", "b"):
        found[name][rows_from:] = poison
    found["side"][labels_from:] = 1 - found["side"][labels_from:]
    return found


def decided(course: Course, until: int) -> list[tuple[Any, ...]]:
    """All that a policy did at the ends of chunks before a number, and on whose account."""
    return [
        (one.number, one.champion, one.outcome, one.why, one.updates) for one in course.chunks if one.number < until
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all examples, so that what they have in common is trained once."""
    return tmp_path_factory.mktemp("future")


@pytest.fixture(scope="module")
def clean(folder: Path) -> Mapping[str | None, Lives]:
    """What is decided with nothing spoilt, by the delay of labels."""
    return {delay: backtest(folder, stream(ROWS), chosen(), EVERY, delay).run() for delay in (None, "30h")}


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunks=st.integers(2, 5), poison=st.sampled_from([1e6, -1e6, float("nan")]), delay=st.sampled_from([None, "30h"])
)
def test_nothing_that_comes_later_changes_what_was_decided(
    folder: Path, clean: Mapping[str | None, Lives], chunks: int, poison: float, delay: str | None
) -> None:
    columns, now = stream(ROWS), chunks * EVERY  # The clock stands at the time of row `now` - 1.
    known = max(0, now - (DELAY_HOURS if delay else 0))
    spoilt = backtest(folder, poisoned(columns, now, known, poison), chosen(), EVERY, delay).run()
    for name in WATCHFUL:
        before = decided(clean[delay].courses[name], chunks)
        assert before or delay
        assert decided(spoilt.courses[name], chunks) == before


@pytest.mark.parametrize("delay", [None, "30h"])
def test_a_history_that_ends_earlier_was_decided_upon_the_same(
    folder: Path, clean: Mapping[str | None, Lives], delay: str | None
) -> None:
    columns = {name: values[:100] for name, values in stream(ROWS).items()}
    cut = backtest(folder, columns, chosen(), EVERY, delay).run()
    for name in WATCHFUL:
        assert decided(cut.courses[name], 5) == decided(clean[delay].courses[name], 5) != []


def test_the_poison_would_be_noticed(folder: Path, clean: Mapping[str | None, Lives]) -> None:
    """A chunk more, and decisions differ: the comparison is not blind."""
    spoilt = backtest(folder, poisoned(stream(ROWS), 100, 100, 1e6), chosen(), EVERY).run().courses["always"]
    honest = clean[None].courses["always"]
    assert decided(honest, 5) == decided(spoilt, 5)
    assert decided(honest, 6) != decided(spoilt, 6)
    scores = [[one.score for one in course.chunks] for course in (honest, spoilt)]
    assert scores[0][:4] == scores[1][:4]
    assert scores[0][4:] != scores[1][4:]


def test_labels_are_learned_when_they_are_known_and_not_before(folder: Path) -> None:
    delayed = backtest(folder, stream(ROWS), {"always": policies()["always"]}, EVERY, "30h").run()
    for one in delayed.courses["always"].chunks:
        now = delayed.chunks[one.number][0].timestamp()
        for id in one.updates:
            files = delayed.store.record(id)["chunk"]["files"]
            assert max(pq.read_table(file)["time"].to_numpy().max() for file in files) <= now - DELAY_HOURS * HOUR


def test_a_delay_moves_each_update_by_as_much_as_the_labels_come_later(folder: Path) -> None:
    """Chunks of 20 hours with labels 40 hours late: the same models, each answering two chunks later."""
    at_once = backtest(folder, stream(ROWS), {"always": policies()["always"]}, EVERY).run().courses["always"]
    late = backtest(folder, stream(ROWS), {"always": policies()["always"]}, EVERY, "40h").run().courses["always"]
    assert [one.number for one in late.chunks] == [3, 4, 5]
    first = {one.number: one.champion for one in at_once.chunks}
    assert [one.champion for one in late.chunks] == [first[one.number - 2] for one in late.chunks]
