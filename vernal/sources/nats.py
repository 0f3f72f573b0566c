"""A stream of NATS JetStream, read by its sequence numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from vernal.base import DataError, Unreachable, check_whole, period, require
from vernal.sources.landing import land
from vernal.sources.message import Decode, Message, decoded, json_object
from vernal.sources.moments import seconds
from vernal.sources.secret import hidden, shown
from vernal.sources.source import Arrival, Cursor, Source

T = TypeVar("T")
_AT_ONCE = 500  # Messages per request: enough to hide the round trip.


@dataclass(frozen=True)
class Nats(Source):
    """The messages of a stream, with `nats_subject`, `nats_sequence` and `nats_time` beside their columns.

    Each poll reads with a consumer that lives for the poll only, from the sequence behind the cursor on; the server
    keeps nothing about us. The time of a message is when the server stored it, so it never goes back.

    Args:
        stream: the stream.
        url: the server, ``"nats://host:4222"``; several with commas.
        subject: only messages of this subject, wildcards allowed; empty for all.
        max_rows: how many messages are read at once, at most.
        timeout: how long to wait for an answer of the server.
        decode: a named function that makes the columns of a row of the bytes of a message, or None to leave it out.
        credentials: a file of credentials, as `nsc` makes it.
        skip_lost: go on behind messages that were deleted before they were read, in the place of an error.

    Examples:
        >>> Nats("clicks", "nats://me:secret@host:4222")  # doctest: +ELLIPSIS
        Nats(stream='clicks', url='nats://***@host:4222', subject='', ...)
    """

    stream: str
    url: str
    subject: str = ""
    max_rows: int = 100_000
    timeout: str = "30s"
    decode: Decode = json_object
    credentials: str = ""
    skip_lost: bool = False
    name: ClassVar[str] = "nats"

    def __post_init__(self) -> None:
        period(self.timeout)
        check_whole("max_rows", self.max_rows, 1)

    def __repr__(self) -> str:
        return shown(self)

    def poll(self, cursor: Cursor | None, until: datetime, inbox: Path) -> Arrival | None:
        """The messages behind the sequence of the cursor, and not after `until`, as a file in the inbox.

        Raises:
            Unreachable: no server answers.
            DataError: messages were deleted before they were read, the stream is another one, or one cannot be decoded.
        """
        errors = require("nats.errors", "nats")
        before = cursor
        while True:
            try:
                messages, after = _awaited(self._read(before, seconds(until)))
            except (TimeoutError, errors.Error, OSError) as error:
                reason = str(error).removeprefix("nats: ") or type(error).__name__
                raise Unreachable(f"NATS at {hidden(self.url)} does not answer: {reason}.") from error
            table, times = decoded(messages, self.decode)
            if table is not None:
                return land(table, times, inbox, self.name, cursor, after)
            if not messages:
                return None
            before = after

    async def _read(self, cursor: Cursor | None, limit: float) -> tuple[list[Message], Cursor]:
        nats = require("nats", "nats")
        client = await nats.connect(
            self.url.split(","),
            connect_timeout=self._seconds,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=_quiet,
            user_credentials=self.credentials or None,
        )
        try:
            return await self._messages(client.jetstream(timeout=self._seconds), cursor, limit)
        finally:
            await client.close()

    async def _messages(self, jetstream: Any, cursor: Cursor | None, limit: float) -> tuple[list[Message], Cursor]:
        info = await self._info(jetstream)
        made = info.created.timestamp()
        first = self._first(info.state, made, cursor)
        raw = await self._fetch(jetstream, first) if first <= info.state.last_seq else []
        found = [message for message in map(self._message, raw) if message.time.timestamp() <= limit]
        last = found[-1].origin["nats_sequence"] if found else first - 1
        return found, {"stream": made, "sequence": last}

    async def _info(self, jetstream: Any) -> Any:
        errors = require("nats.js.errors", "nats")
        try:
            return await jetstream.stream_info(self.stream)
        except errors.NotFoundError as error:
            raise DataError(f"NATS at {hidden(self.url)} has no stream {self.stream!r}. Check its name.") from error

    def _first(self, state: Any, made: float, cursor: Cursor | None) -> int:
        """The sequence number to begin with."""
        if cursor is None:
            return max(1, int(state.first_seq))
        if cursor["stream"] != made or cursor["sequence"] > state.last_seq:
            raise DataError(
                f"Stream {self.stream!r} is not the one that was read before: it was deleted and made again. Begin "
                "anew without a cursor."
            )
        read = int(cursor["sequence"])
        lost = int(state.first_seq) - read - 1
        if lost > 0 and not self.skip_lost:
            what = f" (of all subjects, those of {self.subject!r} perhaps among them)" if self.subject else ""
            raise DataError(
                f"{lost:,} messages of stream {self.stream!r} were deleted before they were read{what}: sequence "
                f"{read + 1} was next, and the oldest is {state.first_seq}. Poll more often than the "
                "stream's limits allow, or raise them; to go on without them, set `skip_lost=True`."
            )
        return read + 1 + max(lost, 0)

    async def _fetch(self, jetstream: Any, first: int) -> list[Any]:
        """At most `max_rows` messages from a sequence number on, none missing."""
        api = require("nats.js.api", "nats")
        config = api.ConsumerConfig(
            ack_policy=api.AckPolicy.NONE,
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=first,
            inactive_threshold=self._seconds,  # The server forgets it, should we die.
            mem_storage=True,
        )
        consumer = await jetstream.pull_subscribe(self.subject, stream=self.stream, config=config)
        info = await consumer.consumer_info()
        wanted = min(info.num_pending, self.max_rows)
        raw: list[Any] = []
        while len(raw) < wanted:
            raw += await consumer.fetch(min(_AT_ONCE, wanted - len(raw)), timeout=self._seconds)
        await jetstream.delete_consumer(self.stream, info.name)
        if [message.metadata.sequence.consumer for message in raw] != [*range(1, wanted + 1)]:
            raise Unreachable(f"NATS at {hidden(self.url)} lost messages on the way. Nothing was taken; poll again.")
        return raw

    def _message(self, raw: Any) -> Message:
        sequence, time = raw.metadata.sequence.stream, raw.metadata.timestamp
        origin = {"nats_subject": raw.subject, "nats_sequence": sequence, "nats_time": time}
        return Message(raw.data, time, f"{self.stream} sequence {sequence}", origin)

    @property
    def _seconds(self) -> float:
        return period(self.timeout).total_seconds()


async def _quiet(error: Exception) -> None:
    """The client would print it; it is raised as well."""
    del error


def _awaited(work: Coroutine[Any, Any, T]) -> T:
    """The result of asynchronous work, also where an event loop runs already, as in a notebook."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()
