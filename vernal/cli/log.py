"""List what has happened so far, newest first.

One line for each update in the store: when it was made, from which chunk, by which method, how good the model was on
that chunk and on average over all chunks so far, what it forgot, and how long it took. The champion is marked.

Example:
  vernal log --store runs/gas
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import duration, number, say, say_json, table
from vernal.cli.views import Record, day_and_time, on_new_chunk

if TYPE_CHECKING:
    from rich.table import Table


def run(words: Sequence[str]) -> int:
    """List the updates of a store."""
    parser = Parser("log", __doc__)
    add_store(parser)
    parser.add_argument("--json", action="store_true", help="print the champion's id and all records as JSON")
    values = parser.parse(words)
    store = open_store(values)
    records, champion = store.records()[::-1], store.champion
    if values.json:
        say_json({"champion": champion, "updates": records})
    elif not records:
        say(f"{store.url} holds no update yet. Make one: vernal update CONFIG --store {store.url}")
    else:
        say(_table(records, champion))
    return 0


def _table(records: Sequence[Record], champion: str | None) -> Table:
    metric = records[0]["metrics"]["headline"]
    measured = [f"new {metric}", f"average {metric}", "forgetting", "time"]
    columns = ["id", "made (UTC)", "chunk", "method", *measured, ""]
    return table(columns, [_cells(record, champion, metric) for record in records], numbers=measured)


def _cells(record: Record, champion: str | None, metric: str) -> list[str]:
    metrics = record["metrics"]
    summary = metrics.get("summary", {}) if metrics["headline"] == metric else {}  # Else it is of another metric.
    return [
        record["id"],
        day_and_time(record),
        record["chunk"]["name"] or f"number {record['number']}",
        record["plan"]["method"]["name"] + (", tuned" if "tuning" in record else ""),
        number(on_new_chunk(record, metric)),
        number(summary.get(f"average_{metric}")),
        number(summary.get("forgetting")),
        duration(record["costs"]["total_seconds"]),
        "champion" if record["id"] == champion else "",
    ]
