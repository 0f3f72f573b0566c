"""A process that polls a topic and commits the rows together with the cursor, until there is nothing more.

It says each step, so that a test can kill it at any of them.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from vernal.sources import Kafka


def say(step: str) -> None:
    sys.stdout.write(step + "\n")
    sys.stdout.flush()


def main(topic: str, servers: str, path: str) -> None:
    source = Kafka(topic, servers, max_rows=100)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE IF NOT EXISTS learned (i INTEGER)")
    connection.execute("CREATE TABLE IF NOT EXISTS cursor (value TEXT)")
    while True:
        found = connection.execute("SELECT value FROM cursor").fetchone()
        arrival = source.poll(found and json.loads(found[0]), datetime(2100, 1, 1, tzinfo=UTC), Path(path).parent)
        if arrival is None:
            break
        say("read")
        with connection:
            rows = pq.read_table(arrival.files[0]).column("i").to_pylist()
            connection.executemany("INSERT INTO learned VALUES (?)", [(i,) for i in rows])
            connection.execute("DELETE FROM cursor")
            connection.execute("INSERT INTO cursor VALUES (?)", [json.dumps(arrival.cursor)])
        say("committed")
    connection.close()
    say("end")


if __name__ == "__main__":
    main(*sys.argv[1:])
