from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from vernal.cli.wizard import columns_of, example_of, has_gaps

DAYS = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]


@pytest.mark.parametrize("name", ["id", "ID", "order_id", "uuid", "customer_key"])
def test_an_id_is_known_by_its_name(name):
    assert columns_of(pa.table({name: ["a", "b", "c"], "y": [0, 1, 0]})).id == name


@pytest.mark.parametrize("values", [["a", "a", "b"], ["a", None, "b"], [1.0, 2.0, 3.0]])
def test_an_id_is_unique_whole_and_never_missing(values):
    assert columns_of(pa.table({"id": values, "y": [0, 1, 0]})).id is None


def test_of_two_ids_the_plainest_is_proposed_and_none_becomes_a_feature():
    columns = columns_of(pa.table({"user_id": [5, 6, 7], "id": [1, 2, 3], "x": [1, 2, 2], "y": [0, 1, 0]}))
    assert (columns.id, columns.features) == ("id", ("x",))
    assert columns.left_out == {"user_id": "looks like an id"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("whenever", DAYS),
        ("day", [one.date() for one in DAYS]),
        ("created_at", [1.7e9, 1.8e9, 1.9e9]),
        ("ts", [1_700_000_000, 1_700_000_001, 1_700_000_002]),
        ("at", ["2026-03-01 12:00:00", "2026-03-02", "2026-03-03T00:00:00+00:00"]),
    ],
)
def test_a_time_is_known_by_its_type_or_by_its_name_and_values(name, values):
    assert columns_of(pa.table({name: values, "y": [0, 1, 0]})).time == name


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("time", [0.0, 0.5, 1.0]),  # a share of a day
        ("ts", [1.7e12, 1.8e12, 1.9e12]),  # milliseconds
        ("at", ["home", "work", "home"]),
        ("time", [DAYS[0], None, DAYS[2]]),
        ("price", [1.7e9, 1.8e9, 1.9e9]),
    ],
)
def test_what_is_no_time_is_not_proposed_as_one(name, values):
    assert columns_of(pa.table({name: values, "y": [0, 1, 0]})).time is None


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["y", "a", "b"], "y"),
        (["a", "target", "b"], "target"),
        (["a", "is_fraud", "b"], "is_fraud"),
        (["a", "b", "c"], "c"),
        (["Label", "y", "b"], "Label"),
    ],
)
def test_a_label_is_known_by_its_name_and_else_it_is_the_last_column(names, label):
    assert columns_of(pa.table({name: [0, 1, 0] for name in names})).label == label


def test_a_last_column_that_says_nothing_is_no_label():
    assert columns_of(pa.table({"a": [1, 2, 3], "late": ["no", "yes", "no"], "note": ["x", "x", "x"]})).label == "late"


def test_what_is_no_number_is_left_out_and_it_is_said_why():
    table = pa.table(
        {
            "x": [1.0, 2.0, None],
            "flag": [True, False, True],
            "half": [True, None, True],
            "kind": ["a", "b", "a"],
            "colour": pa.array(["a", "b", "a"]).dictionary_encode(),
            "seen": DAYS,
            "was": DAYS,
            "parts": [[1], [2], [3]],
            "nothing": pa.array([None, None, None], pa.float64()),
            "y": [0, 1, 0],
        }
    )
    columns = columns_of(table)
    assert (columns.time, columns.features) == ("seen", ("x", "flag"))
    assert columns.left_out == {
        "half": "has gaps",
        "kind": "text",
        "colour": "text",
        "was": "a time",
        "parts": "list<element: int64>" if "element" in str(table.schema.field("parts").type) else "list<item: int64>",
        "nothing": "empty",
    }
    assert example_of(table, columns) == ("kind", "a")
    assert has_gaps(table, columns.features)
    assert not has_gaps(table, ["flag"])


def test_what_is_given_is_not_guessed():
    table = pa.table({"id": [1, 2, 3], "a": [1, 2, 3], "b": [3, 2, 1], "y": [0, 1, 0]})
    columns = columns_of(table, id="-", time="-", label="a", features=["b"])
    assert (columns.id, columns.label, columns.features) == (None, "a", ("b",))
    assert columns.left_out == {"id": "looks like an id", "y": "not asked for"}
