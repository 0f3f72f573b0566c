"""Rows per second of every source: from what it reads to a Parquet file in the inbox (files: to their digest).

    python bench/sources.py [--rows 50000]

A row has an id, a time and four numbers. Kafka is the mock cluster inside librdkafka and NATS a real server, both on
this machine; SQL is SQLite with an index. Each source is polled until nothing is left, three times; the best counts. An
idle poll is one that finds nothing new.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.sources.servers import MockKafka, nats_server
from vernal.sources import Files, Kafka, Nats, ParquetTable, Replay, Source, Table

LATE = datetime(2100, 1, 1, tzinfo=UTC)
REPEATS = 3


def history(rows: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    numbers = {name: generator.standard_normal(rows).round(6) for name in "abcd"}
    return {"id": np.arange(rows), "time": 1e9 + np.arange(rows) / 10, **numbers}


def sources(table: pa.Table, folder: Path, stack: ExitStack) -> Iterator[Source]:
    rows = table.to_pylist()
    values = [json.dumps({name: value for name, value in row.items() if name != "time"}).encode() for row in rows]
    yield files(table, folder / "in")
    yield parquet(table, folder / "events.parquet")
    yield sql(rows, folder / "events.db")
    yield kafka(values)
    yield asyncio.run(nats(stack.enter_context(nats_server(folder / "nats")), values))
    yield Replay({name: table.column(name).to_numpy() for name in table.column_names})


def files(table: pa.Table, folder: Path) -> Files:
    folder.mkdir()
    size = -(-len(table) // 50)
    for i in range(50):
        pq.write_table(table.slice(i * size, size), folder / f"{i:02}.parquet")
    return Files(str(folder))


def parquet(table: pa.Table, path: Path) -> ParquetTable:
    pq.write_table(table, path)
    return ParquetTable(str(path))


def sql(rows: list[dict[str, float]], path: Path) -> Table:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE events (id INTEGER, time REAL, a REAL, b REAL, c REAL, d REAL)")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", [tuple(row.values()) for row in rows])
        connection.execute("CREATE INDEX events_time ON events (time, id)")
    connection.close()
    return Table(f"sqlite:///{path}", "events")


CLUSTERS = []  # The mock cluster lives as long as its producer.


def kafka(values: list[bytes]) -> Kafka:
    CLUSTERS.append(cluster := MockKafka())
    per_partition = -(-len(values) // 4)
    cluster.producer.list_topics("bench", timeout=10)
    for partition in range(4):
        cluster.send("bench", values[partition * per_partition : (partition + 1) * per_partition], partition=partition)
    return Kafka("bench", cluster.servers)


async def nats(url: str, values: list[bytes]) -> Nats:
    import nats as library

    client = await library.connect(url)
    jetstream = client.jetstream()
    await jetstream.add_stream(name="bench", subjects=["bench"])
    for start in range(0, len(values), 200):
        await asyncio.gather(*(jetstream.publish("bench", value) for value in values[start : start + 200]))
    await client.close()
    return Nats("bench", url)


def drained(source: Source, inbox: Path) -> tuple[int, float, float]:
    """Rows, seconds for them, and seconds of the poll that found nothing."""
    cursor, rows = None, 0
    start = time.perf_counter()
    while True:
        before = time.perf_counter()
        arrival = source.poll(cursor, LATE, inbox)
        if arrival is None:
            return rows, before - start, time.perf_counter() - before
        cursor, rows = arrival.cursor, rows + arrival.rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=50_000)
    n = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        print(f"{'source':10}{'rows/s':>14}{'idle poll, ms':>16}")
        for source in sources(pa.table(history(n)), folder, stack):
            runs = [drained(source, folder / "inbox") for _ in range(REPEATS)]
            assert {rows for rows, _, _ in runs} == {n}, runs
            rate, idle = max(n / seconds for _, seconds, _ in runs), min(idle for _, _, idle in runs)
            print(f"{source.name:10}{rate:14,.0f}{idle * 1e3:16.1f}")


if __name__ == "__main__":
    main()
