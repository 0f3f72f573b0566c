"""A topic of Apache Kafka, read by offsets of our own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from vernal.base import ConfigError, DataError, Unreachable, check_whole, period, require
from vernal.sources.landing import land
from vernal.sources.message import Decode, Message, decoded, json_object
from vernal.sources.moments import seconds
from vernal.sources.secret import shown
from vernal.sources.source import Arrival, Cursor, Source

_OURS = {"bootstrap.servers", "group.id", "enable.auto.commit", "enable.partition.eof", "auto.offset.reset", "logger"}
_NO_TIME = 0  # confluent_kafka.TIMESTAMP_NOT_AVAILABLE


@dataclass(frozen=True)
class Kafka(Source):
    """The messages of a topic; beside their columns `kafka_key`, `kafka_partition`, `kafka_offset` and `kafka_time`.

    Partitions are assigned by hand and no group is joined or committed: the cursor holds the next offset of each
    partition, and nothing else decides what is read. Partitions that were added are read from their beginning. Within
    an arrival rows are sorted by (time, partition, offset). A partition is read up to the first message that is later
    than asked for; where producers' clocks run ahead, let the broker stamp messages (`LogAppendTime`).

    Args:
        topic: the topic.
        servers: brokers to begin with, ``"host:9092,other:9092"``.
        max_rows: how many messages are read at once, at most; each partition has an equal share of it.
        timeout: how long to wait for an answer of the broker.
        decode: a named function that makes the columns of a row of the bytes of a message, or None to leave it out.
        settings: more settings of librdkafka, such as those for SASL and TLS. Never shown.
        skip_lost: go on behind messages that were deleted before they were read, in the place of an error.

    Examples:
        >>> Kafka("clicks", "host:9092", settings={"sasl.password": "secret"})
        Kafka(topic='clicks', servers='host:9092', max_rows=100000, timeout='30s', decode=json_object, skip_lost=False)
    """

    topic: str
    servers: str
    max_rows: int = 100_000
    timeout: str = "30s"
    decode: Decode = json_object
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    skip_lost: bool = False
    name: ClassVar[str] = "kafka"

    def __post_init__(self) -> None:
        period(self.timeout)
        check_whole("max_rows", self.max_rows, 1)
        if taken := sorted(_OURS & self.settings.keys()):
            raise ConfigError(f"`settings` sets {taken[0]!r}, which this source sets itself. Leave it out.")

    def __repr__(self) -> str:
        return shown(self)

    def poll(self, cursor: Cursor | None, until: datetime, inbox: Path) -> Arrival | None:
        """The messages from the offsets of the cursor on, and not after `until`, as a file in the inbox.

        Raises:
            Unreachable: no broker answers.
            DataError: messages were deleted before they were read, the topic is another one, or one cannot be decoded.
        """
        kafka = require("confluent_kafka", "kafka")
        consumer = self._consumer(kafka)
        try:
            return self._poll(consumer, cursor, until, inbox)
        except kafka.KafkaException as error:
            raise Unreachable(f"Kafka at {self.servers} does not answer: {error.args[0].str()}.") from error
        finally:
            consumer.close()

    def _poll(self, consumer: Any, cursor: Cursor | None, until: datetime, inbox: Path) -> Arrival | None:
        offsets = dict(cursor["offsets"]) if cursor else {}
        while True:
            spans = self._spans(consumer, offsets, is_first=not offsets)
            messages, reached = self._read(consumer, spans, seconds(until))
            table, times = decoded(messages, self.decode)
            if table is not None:
                return land(table, times, inbox, self.name, cursor, {"offsets": reached})
            if all(reached[partition] == first for partition, (first, _) in spans.items()):
                return None  # There is nothing, or it is later.
            offsets = reached

    def _consumer(self, kafka: Any) -> Any:
        try:
            return kafka.Consumer(self._all_settings())
        except kafka.KafkaException as error:
            raise ConfigError(f"`settings` are refused by librdkafka: {error.args[0].str()}.") from error

    def _all_settings(self) -> dict[str, Any]:
        ours = {
            "bootstrap.servers": self.servers,
            "group.id": "vernal",  # The library wants one; it is never joined.
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "logger": logging.getLogger(__name__),
        }
        return {**self.settings, **ours}

    def _spans(self, consumer: Any, offsets: Mapping[str, int], is_first: bool) -> dict[str, tuple[int, int]]:
        """The first offset that is to be read and the one behind the last, of each partition."""
        partitions = self._partitions(consumer)
        if gone := sorted(offsets.keys() - partitions):
            raise DataError(self._another(f"partition {gone[0]} is gone"))
        share = max(1, self.max_rows // len(partitions))
        spans = {}
        for partition in partitions:
            low, high = consumer.get_watermark_offsets(self._place(partition), timeout=self._seconds)
            first = self._first(partition, offsets.get(partition, low if is_first else 0), low, high)
            spans[partition] = (first, min(high, first + share))
        return spans

    def _partitions(self, consumer: Any) -> list[str]:
        topic = consumer.list_topics(self.topic, timeout=self._seconds).topics[self.topic]
        if topic.error is not None or not topic.partitions:
            reason = topic.error.str() if topic.error else "it has no partitions"
            raise DataError(
                f"Topic {self.topic!r} at {self.servers} cannot be read: {reason}. Check its name and rights."
            )
        return [str(partition) for partition in sorted(topic.partitions)]

    def _first(self, partition: str, wanted: int, low: int, high: int) -> int:
        if wanted > high:
            raise DataError(self._another(f"partition {partition} ends at offset {high}, and {wanted} was next"))
        if wanted < low and not self.skip_lost:
            raise DataError(
                f"{low - wanted:,} messages of topic {self.topic!r}, partition {partition}, were deleted before they "
                f"were read: offset {wanted} was next, and the oldest is {low}. Poll more often than the topic's "
                "retention, or give it more; to go on without them, set `skip_lost=True`."
            )
        return max(wanted, low)

    def _another(self, how: str) -> str:
        return (
            f"Topic {self.topic!r} is not the one that was read before: {how}. It was deleted and made again, or "
            "messages were lost at the broker. Begin anew without a cursor."
        )

    def _read(
        self, consumer: Any, spans: Mapping[str, tuple[int, int]], limit: float
    ) -> tuple[list[Message], dict[str, int]]:
        """The messages of these spans until a time, in their order, and where each partition goes on."""
        still = {partition for partition, (first, end) in spans.items() if first < end}
        places = [self._place(partition, spans[partition][0]) for partition in sorted(still)]
        consumer.assign(places)
        consumer.resume(places)  # Those that were paused when they were read before.
        reached = {partition: first for partition, (first, _) in spans.items()}
        found = []
        for raw in self._arriving(consumer) if still else ():
            partition = str(raw.partition())
            if partition not in still:
                continue
            end = spans[partition][1]
            is_end = raw.error() is not None or raw.offset() >= end
            message = None if is_end else self._message(raw)
            is_later = message is not None and message.time.timestamp() > limit
            if is_end:
                reached[partition] = min(raw.offset(), end)  # Offsets before it were markers, or were compacted.
            elif message is not None and not is_later:
                found.append(message)
                reached[partition] = raw.offset() + 1
            if is_end or is_later or reached[partition] == end:
                still.remove(partition)
                consumer.pause([self._place(partition)])
            if not still:
                break
        found.sort(key=lambda m: (m.time, m.origin["kafka_partition"], m.origin["kafka_offset"]))
        return found, reached

    def _arriving(self, consumer: Any) -> Iterator[Any]:
        """Messages, and ends of partitions, as they come."""
        kafka, patience = require("confluent_kafka", "kafka"), self._seconds
        while True:
            raw = consumer.poll(patience)
            if raw is None:
                raise Unreachable(
                    f"Kafka at {self.servers} sent nothing for {self.timeout}, and there is more to come."
                )
            if raw.error() is not None and raw.error().code() != kafka.KafkaError._PARTITION_EOF:  # noqa: SLF001 (the library's own name)
                raise kafka.KafkaException(raw.error())
            yield raw

    def _message(self, raw: Any) -> Message:
        where = f"{self.topic} partition {raw.partition()} offset {raw.offset()}"
        kind, millis = raw.timestamp()
        if kind == _NO_TIME:
            raise DataError(f"{where} has no time. Set `message.timestamp.type=LogAppendTime` for the topic.")
        time = datetime.fromtimestamp(millis / 1000, UTC)
        key = None if raw.key() is None else raw.key().decode(errors="backslashreplace")
        origin = {
            "kafka_key": key,
            "kafka_partition": raw.partition(),
            "kafka_offset": raw.offset(),
            "kafka_time": time,
        }
        return Message(raw.value(), time, where, origin)

    def _place(self, partition: str, offset: int = 0) -> Any:
        return require("confluent_kafka", "kafka").TopicPartition(self.topic, int(partition), offset)

    @property
    def _seconds(self) -> float:
        return period(self.timeout).total_seconds()
