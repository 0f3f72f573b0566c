"""Against the mock cluster inside librdkafka, which speaks Kafka's protocol over TCP. No JVM Kafka was exercised."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from vernal.base import ConfigError, DataError, MissingExtra, SchemaMismatch
from vernal.sources import Kafka, Unreachable

CONSUMER = Path(__file__).parent / "consume.py"


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


@pytest.fixture
def topic(kafka):
    name = f"t{uuid.uuid4().hex}"
    kafka.producer.list_topics(name, timeout=10)  # Makes it, with 4 partitions.
    return name


@pytest.fixture
def send(kafka, topic):
    return lambda rows, seconds=1, partition=0: kafka.send(topic, rows, seconds, partition)


@pytest.fixture
def source(kafka, topic):
    return lambda **options: Kafka(topic, kafka.servers, **options)


def table(arrival):
    return pq.read_table(arrival.files[0])


def column(arrival, name="i"):
    return table(arrival).column(name).to_pylist()


def test_a_thousand_messages_are_consumed_once_by_a_process_that_is_killed_again_and_again(kafka, topic, tmp_path):
    """The cursor and what was done with the rows are committed in one transaction of a database, and nowhere else."""
    for partition in range(4):
        kafka.send(topic, [{"i": i} for i in range(partition, 1000, 4)], partition=partition)
    chance, path = random.Random(3), tmp_path / "learned.db"
    command = [sys.executable, "-W", "error", str(CONSUMER), topic, kafka.servers, str(path)]
    kills = 0
    while True:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        patience = chance.randint(1, 8)  # Steps until it dies; two for each arrival: read, committed.
        steps = [step for step, _ in zip(process.stdout, range(patience), strict=False)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if "end\n" in steps:
            break
        kills += 1
    connection = sqlite3.connect(path)
    learned = [i for (i,) in connection.execute("SELECT i FROM learned")]
    connection.close()
    assert kills >= 3
    assert sorted(learned) == [*range(1000)]
    for partition in range(4):
        assert [i for i in learned if i % 4 == partition] == [*range(partition, 1000, 4)]


def test_a_row_says_where_it_came_from(send, source, topic, tmp_path):
    send([{"i": 7}], seconds=1.5, partition=2)
    arrival = source().poll(None, at(2), tmp_path)
    assert table(arrival).to_pylist() == [
        {"i": 7, "kafka_key": "{'i': 7}", "kafka_partition": 2, "kafka_offset": 0, "kafka_time": at(1.5)}
    ]
    assert arrival.cursor == {"offsets": {"0": 0, "1": 0, "2": 1, "3": 0}}


def test_rows_of_several_partitions_are_in_the_order_of_time(send, source, tmp_path):
    for i in range(8):
        send([{"i": i}], seconds=i + 1, partition=(i * 3) % 4)
    assert column(source().poll(None, at(99), tmp_path)) == [*range(8)]


def test_each_partition_has_an_equal_share_of_an_arrival(send, source, tmp_path):
    send([{"i": i} for i in range(10)], partition=0)
    send([{"i": i} for i in range(10, 12)], partition=1)
    arrival = source(max_rows=8).poll(None, at(9), tmp_path)
    assert column(arrival) == [0, 1, 10, 11]
    assert column(source(max_rows=8).poll(arrival.cursor, at(9), tmp_path)) == [2, 3]


def test_a_partition_waits_at_a_message_that_is_later_than_asked_for(send, source, tmp_path):
    send([{"i": 0}], seconds=1)
    send([{"i": 1}], seconds=50)
    send([{"i": 2}], seconds=2)
    send([{"i": 3}], seconds=2, partition=1)
    arrival = source().poll(None, at(10), tmp_path)
    assert column(arrival) == [0, 3]
    assert source().poll(arrival.cursor, at(10), tmp_path) is None
    assert column(source().poll(arrival.cursor, at(50), tmp_path)) == [2, 1]


def test_a_partition_that_was_added_is_read_from_its_beginning(send, source, tmp_path):
    for partition in range(4):
        send([{"i": partition}], partition=partition)
    known = {"offsets": {"0": 1, "1": 1}}  # As if 2 and 3 had not been there.
    assert column(source().poll(known, at(9), tmp_path)) == [2, 3]


def test_messages_that_were_deleted_unread_are_counted_in_an_error_and_skipped_on_demand(send, source, tmp_path):
    """The mock keeps 5 MiB of each partition."""
    send([{"i": 0}])
    cursor = source().poll(None, at(9), tmp_path).cursor
    send([json.dumps({"i": i, "fill": " " * 900_000}).encode() for i in range(1, 9)])
    oldest = column(source().poll(None, at(9), tmp_path / "rest"))[0]
    assert oldest > 1
    said = (
        rf"{oldest - 1} messages of topic .*, partition 0, were deleted before they were read: offset 1 was next, and "
        rf"the oldest is {oldest}. .*set `skip_lost=True`"
    )
    with pytest.raises(DataError, match=said):
        source().poll(cursor, at(9), tmp_path)
    assert column(source(skip_lost=True).poll(cursor, at(9), tmp_path)) == [*range(oldest, 9)]


@pytest.mark.parametrize(("offsets", "said"), [
    ({"0": 5}, "partition 0 ends at offset 1, and 5 was next"), ({"0": 1, "7": 1}, "partition 7 is gone"),
])  # fmt: skip
def test_a_topic_that_was_made_again_is_an_error(offsets, said, send, source, tmp_path):
    send([{"i": 0}])
    with pytest.raises(DataError, match=f"is not the one that was read before: {said}.*Begin anew"):
        source().poll({"offsets": offsets}, at(9), tmp_path)


def test_a_topic_that_is_missing_is_an_error(kafka, tmp_path):
    with pytest.raises(DataError, match="Topic 'none' at .* cannot be read: .*Unknown topic"):
        Kafka("none", kafka.servers).poll(None, at(9), tmp_path)


def test_a_broker_that_is_down_may_come_back(tmp_path):
    with pytest.raises(Unreachable, match="Kafka at 127.0.0.1:9 does not answer"):
        Kafka("t", "127.0.0.1:9", timeout="0.1s").poll(None, at(9), tmp_path)


def test_messages_without_a_value_are_left_out(send, source, tmp_path):
    send([{"i": 0}, None, {"i": 2}])
    assert column(source().poll(None, at(9), tmp_path)) == [0, 2]


def odd_only(value):
    number = int(value)
    return {"i": number} if number % 2 else None


def test_a_function_may_decode_messages_and_leave_some_out(send, source, tmp_path):
    """Also where all messages of a batch are left out: the next one is looked at."""
    send([b"2", b"4", b"6", b"7", b"9"])
    arrival = source(decode=odd_only, max_rows=8).poll(None, at(9), tmp_path)
    assert column(arrival) == [7]
    assert column(source(decode=odd_only).poll(arrival.cursor, at(9), tmp_path)) == [9]


@pytest.mark.parametrize("value", [b"{", b"[1]", b"\xff", b"7"])
def test_a_message_that_is_no_json_object_is_an_error_that_says_which(value, send, source, topic, tmp_path):
    send([{"i": 0}, value])
    with pytest.raises(DataError, match=f"{topic} partition 0 offset 1 cannot be decoded: .*Give `decode=`"):
        source().poll(None, at(9), tmp_path)


def test_values_of_two_kinds_are_an_error_that_says_where(send, source, topic, tmp_path):
    send([{"x": 1.5}, {"x": None}, {"x": "n/a"}])
    with pytest.raises(SchemaMismatch, match=rf"'x' holds a number \(1.5, {topic} partition 0 offset 0\) and text"):
        source().poll(None, at(9), tmp_path)


def test_a_column_that_says_where_a_row_came_from_cannot_come_twice(send, source, tmp_path):
    send([{"kafka_offset": 3}])
    with pytest.raises(DataError, match="has a column 'kafka_offset', which says where it came from. Rename it"):
        source().poll(None, at(9), tmp_path)


def test_settings_are_given_on_and_never_shown(kafka, topic, tmp_path):
    source = Kafka(topic, kafka.servers, settings={"sasl.password": "secret", "client.id": "me"})
    assert source.poll(None, at(9), tmp_path) is None
    assert "secret" not in repr(source)
    with pytest.raises(ConfigError, match="`settings` sets 'group.id', which this source sets itself"):
        Kafka(topic, kafka.servers, settings={"group.id": "x"})


def test_settings_that_there_are_not_are_an_error(tmp_path):
    with pytest.raises(ConfigError, match="`settings` are refused by librdkafka: No such configuration property"):
        Kafka("t", "127.0.0.1:9", settings={"sasl.pasword": "secret"}).poll(None, at(9), tmp_path)


def test_a_function_that_cannot_decode_a_message_says_which(send, source, topic, tmp_path):
    send([b"abc"])
    with pytest.raises(DataError, match=f"{topic} partition 0 offset 0 cannot be decoded: unpack requires a buffer"):
        source(decode=lambda value: {"i": struct.unpack("<d", value)[0]}).poll(None, at(9), tmp_path)


def test_a_library_that_is_missing_is_named_with_its_pip_line(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(MissingExtra, match=r"pip install 'vernal\[kafka\]'"):
        Kafka("t", "127.0.0.1:9").poll(None, at(9), tmp_path)
