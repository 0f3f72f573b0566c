from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vernal.base import DataError
from vernal.sources import json_object
from vernal.sources.message import Message, decoded


def message(value, second=0):
    return Message(value, datetime.fromtimestamp(second, UTC), f"place {second}", {"from": second})


def test_messages_become_rows_with_their_origin_and_times():
    table, times = decoded([message(b'{"x": 1}', 5), message(None, 6), message(b'{"x": 2, "y": "a"}', 7)], json_object)
    assert table.to_pylist() == [{"x": 1, "from": 5, "y": None}, {"x": 2, "from": 7, "y": "a"}]
    assert times.tolist() == [5.0, 7.0]


def test_where_all_are_left_out_there_is_no_table():
    table, times = decoded([message(b"1"), message(None)], lambda value: None)
    assert table is None
    assert len(times) == 0


@pytest.mark.parametrize("decode", [int, lambda v: v["x"], lambda v: v.x, lambda v: 1 / 0, lambda v: (0,)[v[0]]])
def test_what_cannot_be_decoded_is_said_with_its_place(decode):
    with pytest.raises(DataError, match="place 3 cannot be decoded: .*or None to leave it out"):
        decoded([message(b"a", 3)], decode)
