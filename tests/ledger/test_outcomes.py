from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernal.base import DataError
from vernal.ledger import Database, Label, Outcomes, Pair, Prediction

DAY = 86_400.0


@pytest.fixture
def outcomes(database: Database) -> Outcomes:
    return Outcomes(database, "fraud")


def predict(outcomes: Outcomes, **times: float) -> None:
    outcomes.predicted([Prediction(id, time, "fraud:1.0", 0.5) for id, time in times.items()])


def labels_at(outcomes: Outcomes, now: float, **options: Any) -> dict[str, Any]:
    return {pair.id: pair.label for pair in outcomes.mature(now, DAY, **options).pairs}


def test_a_pair_comes_back_as_it_was_written(outcomes: Outcomes) -> None:
    outcomes.predicted([Prediction("é\n'1'", 0.1, "fraud:3.2", [0.25, 0.75])])
    outcomes.labelled([Label("é\n'1'", 0.2, {"class": "spam"})])
    pairs = outcomes.mature(now=0.3, maturity_seconds=0.1).pairs
    assert pairs == [Pair("é\n'1'", 0.1, "fraud:3.2", [0.25, 0.75], {"class": "spam"})]


def test_tuples_are_rows_too(outcomes: Outcomes) -> None:
    outcomes.predicted([("a", 0, "fraud:1.0", 1)])  # type: ignore[list-item]
    outcomes.labelled([("a", 0, 1)])  # type: ignore[list-item]
    assert labels_at(outcomes, DAY) == {"a": 1}


def test_a_prediction_is_mature_when_it_is_old_enough(outcomes: Outcomes) -> None:
    predict(outcomes, a=0.0)
    outcomes.labelled([Label("a", 1.0, 1)])
    assert labels_at(outcomes, DAY - 1) == {}
    assert labels_at(outcomes, DAY) == {"a": 1}


def test_a_label_of_the_future_is_never_used(outcomes: Outcomes) -> None:
    predict(outcomes, a=0.0)
    outcomes.labelled([Label("a", 3 * DAY, 1)])
    assert labels_at(outcomes, 3 * DAY - 1) == {}
    assert labels_at(outcomes, 3 * DAY) == {"a": 1}


def test_a_label_may_come_before_its_prediction(outcomes: Outcomes) -> None:
    outcomes.labelled([Label("a", 1.0, 1)])
    predict(outcomes, a=0.0)
    assert labels_at(outcomes, DAY) == {"a": 1}


def test_the_same_rows_again_change_nothing(outcomes: Outcomes) -> None:
    for _ in range(2):
        predict(outcomes, a=0.0)
        outcomes.labelled([Label("a", 1.0, 1)])
    look = outcomes.mature(DAY, DAY)
    predict(outcomes, a=0.0)
    outcomes.labelled([Label("a", 1.0, 1)])
    assert len(look.pairs) == 1
    assert outcomes.mature(2 * DAY, DAY, since=look.cursor).pairs == []


def test_of_two_predictions_of_one_id_the_first_counts(outcomes: Outcomes) -> None:
    outcomes.predicted([Prediction("a", 0.0, "fraud:1.0", "first"), Prediction("a", 5.0, "fraud:1.1", "second")])
    outcomes.predicted([Prediction("a", 6.0, "fraud:1.2", "third")])
    outcomes.labelled([Label("a", 1.0, 1)])
    assert [pair.prediction for pair in outcomes.mature(2 * DAY, DAY).pairs] == ["first"]


def test_a_correction_counts_from_its_time_on(outcomes: Outcomes) -> None:
    predict(outcomes, a=0.0)
    outcomes.labelled([Label("a", 3 * DAY, "corrected"), Label("a", 1.0, "first"), Label("a", 1.0, "too late")])
    assert labels_at(outcomes, 3 * DAY - 1) == {"a": "first"}
    assert labels_at(outcomes, 3 * DAY) == {"a": "corrected"}


def test_a_correction_brings_no_pair_back(outcomes: Outcomes) -> None:
    predict(outcomes, a=0.0)
    outcomes.labelled([Label("a", 1.0, 1)])
    look = outcomes.mature(DAY, DAY)
    outcomes.labelled([Label("a", 2 * DAY, 0), Label("a", 0.5, 0)])
    assert outcomes.mature(3 * DAY, DAY, since=look.cursor).pairs == []


def test_no_click_within_a_day_is_no_click(outcomes: Outcomes) -> None:
    predict(outcomes, early=0.0, never=0.0, late=0.0, young=1.0)
    outcomes.labelled([Label("early", 5.0, 1), Label("late", DAY + 0.5, 1)])
    assert labels_at(outcomes, DAY - 1, default=0) == {}
    expected = {"early": 1, "late": 0, "never": 0}
    assert labels_at(outcomes, DAY, default=0) == expected
    assert labels_at(outcomes, 9 * DAY, default=0) == expected | {"young": 0}  # Whenever one looks.


def test_rows_that_were_written_late_are_found(outcomes: Outcomes) -> None:
    predict(outcomes, a=0.0)
    outcomes.labelled([Label("b", 1.0, 1)])
    look = outcomes.mature(5 * DAY, DAY)
    assert look.pairs == []
    predict(outcomes, b=0.0)
    outcomes.labelled([Label("a", 1.0, 0)])
    later = outcomes.mature(5 * DAY, DAY, since=look.cursor)
    assert [pair.id for pair in later.pairs] == ["a", "b"]
    assert outcomes.mature(9 * DAY, DAY, since=later.cursor).pairs == []


def test_a_clock_that_went_back_finds_nothing_and_loses_nothing(outcomes: Outcomes) -> None:
    look = outcomes.mature(5 * DAY, DAY)
    predict(outcomes, a=0.0)
    outcomes.labelled([Label("a", 1.0, 1)])
    assert outcomes.mature(4 * DAY, DAY, since=look.cursor) == ([], look.cursor)
    assert len(outcomes.mature(5 * DAY, DAY, since=look.cursor).pairs) == 1


def test_stores_that_share_a_database_do_not_see_one_another(database: Database, outcomes: Outcomes) -> None:
    other = Outcomes(database, "clicks")
    predict(other, a=0.0)
    outcomes.labelled([Label("a", 1.0, 1)])
    assert labels_at(outcomes, DAY) == labels_at(other, DAY) == {}
    predict(outcomes, a=0.0)
    assert labels_at(outcomes, DAY) == {"a": 1}


def test_labels_of_rows_are_asked_for_as_they_were_known_at_a_time(outcomes: Outcomes) -> None:
    outcomes.labelled([Label("a", 1.0, "first"), Label("a", 3.0, "corrected"), Label("b", 4.0, 1)])
    assert outcomes.known(["a", "b", "c"], at=0.5) == {}
    assert outcomes.known(["a", "b", "c"], at=2.0) == {"a": "first"}
    assert outcomes.known(["a", "b", "c"], at=4.0) == {"a": "corrected", "b": 1}


def test_labels_of_many_rows_are_asked_for_in_parts(outcomes: Outcomes) -> None:
    ids = [f"row {n}" for n in range(12_000)]
    outcomes.labelled(Label(id, 1.0, n) for n, id in enumerate(ids))
    assert outcomes.known(ids, at=1.0) == {id: n for n, id in enumerate(ids)}


def test_rows_are_erased_with_all_that_is_known_of_them(database: Database, outcomes: Outcomes) -> None:
    other = Outcomes(database, "clicks")
    for one in (outcomes, other):
        predict(one, a=0.0, b=0.0, c=0.0)
        one.labelled([Label("a", 1.0, 1), Label("a", 2.0, 0), Label("b", 1.0, 1)])
    assert outcomes.erase(["a", "c", "nobody"]) == 4
    assert outcomes.erase(["a", "c", "nobody"]) == 0
    assert labels_at(outcomes, DAY) == {"b": 1}
    assert labels_at(other, DAY) == {"a": 0, "b": 1}


def test_looks_go_on_after_an_erasure(outcomes: Outcomes) -> None:
    predict(outcomes, a=0.0, b=0.0)
    outcomes.labelled([Label("a", 1.0, 1), Label("b", 1.0, 1)])
    look = outcomes.mature(DAY, DAY)
    outcomes.erase(["b"])  # The row that was written last; its number is not given again.
    predict(outcomes, c=0.0)
    outcomes.labelled([Label("c", 1.0, 0)])
    assert [pair.id for pair in outcomes.mature(2 * DAY, DAY, since=look.cursor).pairs] == ["c"]


def test_nothing_of_what_was_erased_stays_in_the_files_of_sqlite(tmp_path: Path) -> None:
    outcomes = Outcomes(Database(f"sqlite:///{tmp_path}/ledger.db"), "fraud")
    ids = [f"customer {n:04}" for n in range(2000)]
    predict(outcomes, **dict.fromkeys(ids, 0.0))
    outcomes.labelled(Label(id, 1.0, 1) for id in ids)
    outcomes.erase(ids[:1000])
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [id for id in ids if id.encode() in content] == ids[1000:]


def test_what_is_old_is_discarded_and_the_rest_answers_as_before(database: Database, outcomes: Outcomes) -> None:
    other = Outcomes(database, "clicks")
    for one in (outcomes, other):
        predict(one, old=0.0, edge=5.0, young=6.0)
        one.labelled([Label("old", 1.0, 1), Label("early", 2.0, 1), Label("young", 3.0, 1), Label("late", 5.0, 1)])
    look = outcomes.mature(DAY, DAY)
    assert outcomes.discard(before=5.0) == 3
    assert outcomes.discard(before=5.0) == 0
    assert outcomes.known(["old", "early", "young", "late"], at=DAY) == {"young": 1, "late": 1}
    assert labels_at(outcomes, 9 * DAY, default=0) == {"edge": 0, "young": 1}
    assert [pair.id for pair in outcomes.mature(9 * DAY, DAY, since=look.cursor).pairs] == ["young"]
    assert len(labels_at(other, 9 * DAY, default=0)) == 3
    assert outcomes.discard(before=-float("inf")) == 0


@pytest.mark.parametrize("time", [float("nan"), float("inf")])
def test_a_time_that_is_no_number_is_refused(outcomes: Outcomes, time: float) -> None:
    with pytest.raises(DataError, match="time of row 'a' is (nan|inf). Give seconds since 1970"):
        predict(outcomes, b=0.0, a=time)
    with pytest.raises(DataError, match="time of row 'a' is (nan|inf). Give seconds since 1970"):
        outcomes.labelled([Label("a", time, 1)])
    outcomes.labelled([Label("b", 1.0, 1)])
    assert labels_at(outcomes, DAY) == {}  # Not even the rows before it were written.


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "has None. Leave out"),
        (float("nan"), "has nan, which JSON does not have"),
        ({1}, r"has \{1\}, which JSON"),
    ],
)
def test_a_value_that_json_does_not_have_is_refused(outcomes: Outcomes, value: Any, message: str) -> None:
    with pytest.raises(DataError, match=f"Row 'a' {message}"):
        outcomes.predicted([Prediction("a", 0.0, "fraud:1.0", value)])
    with pytest.raises(DataError, match=f"Row 'a' {message}"):
        outcomes.labelled([Label("a", 0.0, value)])


# Any interleaving of arrivals and looks

MATURITY = 3.0
IDS = ("a", "b", "c")
# Whole numbers, so that times meet; a third, which is no binary fraction, so that sums are rounded.
TIMES = st.integers(0, 12).map(lambda n: n / 3)
ROW = st.one_of(
    st.builds(Prediction, st.sampled_from(IDS), TIMES, st.just("v"), st.integers(0, 9)),
    st.builds(Label, st.sampled_from(IDS), TIMES, st.integers(0, 9)),
)
ADVANCE = TIMES  # A look, after so much time.
HISTORY = st.lists(ROW | ADVANCE, max_size=25)


class Model:
    """What the ledger is to be, as sets and loops over all rows."""

    def __init__(self) -> None:
        self.predictions: dict[str, Prediction] = {}
        self.labels: dict[tuple[str, float], Label] = {}

    def write(self, row: Prediction | Label) -> None:
        if isinstance(row, Prediction):
            self.predictions.setdefault(row.id, row)
        else:
            self.labels.setdefault((row.id, row.known), row)

    def known(self, id: str, until: float) -> list[Label]:
        """The labels of a row that were known at a time, the one that counts last."""
        return sorted(label for label in self.labels.values() if label.id == id and label.known <= until)

    def mature(self, now: float, default: int | None) -> dict[str, int]:
        found = {}
        for prediction in self.predictions.values():
            if prediction.time > now - MATURITY:
                continue
            until = now if default is None else min(now, prediction.time + MATURITY)
            labels = self.known(prediction.id, until)
            if labels or default is not None:
                found[prediction.id] = labels[-1].label if labels else default
        return found


def write(outcomes: Outcomes, row: Prediction | Label) -> None:
    if isinstance(row, Prediction):
        outcomes.predicted([row])
    else:
        outcomes.labelled([row])


def check_looks(outcomes: Outcomes, history: Sequence[Prediction | Label | float], default: int | None) -> None:
    """Each look finds what became mature since the one before, with the labels that count now; nothing twice."""
    model, now, cursor, seen = Model(), 0.0, None, dict[str, int]()
    for event in [*history, 100.0]:
        if isinstance(event, Prediction | Label):
            model.write(event)
            write(outcomes, event)
            continue
        now += event
        expected = model.mature(now, default)
        assert {pair.id: pair.label for pair in outcomes.mature(now, MATURITY, default=default).pairs} == expected
        look = outcomes.mature(now, MATURITY, since=cursor, default=default)
        assert {pair.id: pair.label for pair in look.pairs} == {id: expected[id] for id in expected.keys() - seen}
        assert [pair.time for pair in look.pairs] == sorted(pair.time for pair in look.pairs)
        seen |= expected
        cursor = look.cursor
    assert seen.keys() == model.mature(now, default).keys()


def fresh(database: Database) -> Outcomes:
    return Outcomes(database, uuid.uuid4().hex)


@settings(max_examples=60)
@given(history=HISTORY, default=st.sampled_from([None, 7]))
def test_looks_find_every_mature_pair_once_and_none_early(
    shared_database: Database, history: list[Prediction | Label | float], default: int | None
) -> None:
    check_looks(fresh(shared_database), history, default)


@settings(max_examples=20)
@given(rows=st.lists(ROW, max_size=15), default=st.sampled_from([None, 7]))
def test_a_backtest_that_wrote_all_rows_before_finds_what_was_found_at_the_time(
    shared_database: Database, rows: list[Prediction | Label], default: int | None
) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    live, replayed = fresh(shared_database), fresh(shared_database)
    for row in rows:
        write(replayed, row)
    cursors: list[Any] = [None, None]
    for now in range(9):
        for row in rows:
            if now - 1 < row[1] <= now:
                write(live, row)
        found = [
            outcomes.mature(now, MATURITY, cursor, default)
            for outcomes, cursor in zip((live, replayed), cursors, strict=True)
        ]
        assert found[0].pairs == found[1].pairs
        cursors = [look.cursor for look in found]
