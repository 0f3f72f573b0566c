"""Real servers that the tests start, and stop."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@contextmanager
def nats_server(folder: Path) -> Iterator[str]:
    """A NATS server with JetStream, at a port that was free, in a folder of its own; its URL."""
    binary = Path(sysconfig.get_path("scripts")) / "nats-server"
    command = [binary, "-js", "-sd", folder, "-a", "127.0.0.1", "-p", "-1"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        log = []
        for line in process.stderr:
            log.append(line)
            if "Server is ready" in line:
                break
        found = re.search(r"Listening for client connections on (\S+)", "".join(log))
        assert found is not None, "".join(log)
        yield f"nats://{found[1]}"
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@dataclass
class MockKafka:
    """The mock cluster inside librdkafka, which speaks Kafka's protocol over TCP as long as this object lives."""

    producer: Any = field(init=False)
    servers: str = field(init=False)

    def __post_init__(self) -> None:
        from confluent_kafka import Producer

        self.producer = Producer({"test.mock.num.brokers": 1, "log_level": 0, "linger.ms": 0})
        broker = next(iter(self.producer.list_topics(timeout=10).brokers.values()))
        self.servers = f"{broker.host}:{broker.port}"

    def send(self, topic: str, rows: Sequence[Any], seconds: float = 1, partition: int = 0) -> None:
        """Rows as JSON (bytes and None as they are), all with one time."""
        for row in rows:
            value = row if isinstance(row, bytes | None) else json.dumps(row)
            self.producer.produce(topic, value, str(row)[:20], partition, timestamp=int(seconds * 1000))
        assert self.producer.flush(10) == 0


async def stored(client: Any, stream: str, rows: Sequence[Any], subject: str = "") -> list[Any]:
    """What the server says of rows that it stored, as JSON (bytes as they are)."""
    values = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    return [await client.jetstream().publish(subject or f"{stream}.all", value) for value in values]
