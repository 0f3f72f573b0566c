"""Each source with the real thing that it reads, behind one face, for the contract."""

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from tests.sources.servers import MockKafka, stored
from vernal.sources import Files, Kafka, Nats, ParquetTable, Replay, Source, Table

_numbers = itertools.count()


class World(ABC):
    """Something that rows are brought to, and a source that reads it.

    Times are seconds, in steps of a thousand: any lag and settling fits between two of them.
    """

    source: Source

    def __init__(self, folder: Path, server: Any) -> None:
        self.name = f"w{next(_numbers)}"
        self.folder = folder / self.name
        self.folder.mkdir()
        self.server = server
        self.open()

    @abstractmethod
    def open(self) -> None:
        """Make it, empty."""

    @abstractmethod
    def bring(self, ids: Sequence[int], seconds: float, x: Sequence[float]) -> None:
        """Rows with these ids and values come at a time."""

    def by(self, seconds: float) -> datetime:
        """When rows of this time, and none of the next step, are to be had."""
        return datetime.fromtimestamp(seconds + 500, UTC)


class FilesWorld(World):
    def open(self):
        self.source = Files(str(self.folder), time_column="time")

    def bring(self, ids, seconds, x):
        path = self.folder / f"{seconds:09.0f}-{next(_numbers)}.parquet"
        pq.write_table(pa.table({"id": ids, "time": [seconds] * len(ids), "x": x}), path)
        os.utime(path, (seconds, seconds))


class TableWorld(World):
    """SQLite, or PostgreSQL where the server is a URL."""

    def open(self):
        url = self.server or f"sqlite:///{self.folder}/x.db"
        if self.server is None:
            sqlite3.connect(self.folder / "x.db").close()
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        columns = (sa.Column("id", sa.Integer), sa.Column("time", sa.DateTime(timezone=True)), sa.Column("x", sa.Float))
        self.table = sa.Table(self.name, sa.MetaData(), *columns)
        self.table.create(self.engine)
        self.source = Table(url, self.name, max_rows=3)

    def bring(self, ids, seconds, x):
        time = datetime.fromtimestamp(seconds, UTC)
        with self.engine.begin() as connection:
            rows = [{"id": i, "time": time, "x": v} for i, v in zip(ids, x, strict=True)]
            connection.execute(self.table.insert(), rows)


class ParquetWorld(World):
    def open(self):
        self.path = self.folder / "events.parquet"
        self.rows = pa.table({"id": pa.array([], pa.int64()), "time": pa.array([], pa.timestamp("us", "UTC"))})
        self.rows = self.rows.append_column("x", pa.array([], pa.float64()))
        pq.write_table(self.rows, self.path)
        self.source = ParquetTable(str(self.path))

    def bring(self, ids, seconds, x):
        times = pa.array([datetime.fromtimestamp(seconds, UTC)] * len(ids), pa.timestamp("us", "UTC"))
        new = pa.table({"id": pa.array(ids, pa.int64()), "time": times, "x": pa.array(x, pa.float64())})
        self.rows = pa.concat_tables([self.rows, new])
        pq.write_table(self.rows, self.path)


class KafkaWorld(World):
    server: MockKafka

    def open(self):
        self.server.producer.list_topics(self.name, timeout=10)  # Makes it.
        self.source = Kafka(self.name, self.server.servers, max_rows=12)  # 3 for each of 4 partitions.

    def bring(self, ids, seconds, x):
        self.server.send(self.name, [{"id": i, "x": v} for i, v in zip(ids, x, strict=True)], seconds)


class NatsWorld(World):
    """The server gives the times: what it stored by a step is remembered."""

    def open(self):
        self.steps: dict[float, datetime] = {}
        self.source = Nats(self.name, self.server, max_rows=3)
        asyncio.run(
            self._at_server(lambda client: client.jetstream().add_stream(name=self.name, subjects=[f"{self.name}.>"]))
        )

    def bring(self, ids, seconds, x):
        rows = [{"id": i, "x": v} for i, v in zip(ids, x, strict=True)]
        self.steps[seconds] = asyncio.run(self._at_server(lambda client: self._bring(client, rows)))

    def by(self, seconds):
        return max(
            (moment for step, moment in self.steps.items() if step <= seconds), default=datetime(1970, 1, 1, tzinfo=UTC)
        )

    async def _at_server(self, work):
        import nats

        client = await nats.connect(self.server)
        try:
            return await work(client)
        finally:
            await client.close()

    async def _bring(self, client, rows):
        acks = await stored(client, self.name, rows)
        subscription = await client.jetstream().subscribe(f"{self.name}.all", ordered_consumer=True)
        message = await subscription.next_msg()
        while message.metadata.sequence.stream < acks[-1].seq:
            message = await subscription.next_msg()
        await subscription.unsubscribe()
        return message.metadata.timestamp


class ReplayWorld(World):
    """History is there from the beginning; what is brought replaces it by a longer one."""

    def open(self):
        self.history = {"id": np.zeros(0, np.int64), "time": np.zeros(0), "x": np.zeros(0)}
        self.source = Replay(self.history, max_rows=3)

    def bring(self, ids, seconds, x):
        new = {"id": np.array(ids), "time": np.full(len(ids), float(seconds)), "x": np.array(x, float)}
        self.history = {name: np.concatenate([values, new[name]]) for name, values in self.history.items()}
        self.source = replace(self.source, history=self.history)


WORLDS = {
    "files": FilesWorld,
    "kafka": KafkaWorld,
    "nats": NatsWorld,
    "parquet": ParquetWorld,
    "replay": ReplayWorld,
    "table": TableWorld,
}
