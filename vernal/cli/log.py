"""Draw what has come from what so far, newest first.

One line for each update in the store: its version and id, the aliases that point to it, when it was made, from which
chunk, by which method, how good the model was on that chunk and on average over all chunks so far, what it forgot, how
long it took, and what became of it: promoted or rolled back, or what a gate has said last. The lines at the left lead
from each model down to the one that it was trained from. In a version, 3.2, the first number counts models that were
begun anew, the second what they have learned since.

Examples:
  vernal log --store runs/gas
  vernal log --store runs/gas --json
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vernal.cli.address import add_store, open_store
from vernal.cli.graph import graph
from vernal.cli.parser import Parser
from vernal.cli.terminal import console, duration, number, say, say_json, table
from vernal.cli.views import Record, aliases_of, day_and_time, on_new_chunk

if TYPE_CHECKING:
    from rich.table import Table

    from vernal.store import Store


_NARROW = 130  # columns of a terminal on which not all fits
_WIDE = ("id", "made (UTC)", "method", "time")
_VERDICTS = {"reject": "rejected", "inconclusive": "inconclusive"}


def run(words: Sequence[str]) -> int:
    """List the updates of a store."""
    parser = Parser("log", __doc__)
    add_store(parser)
    parser.add_argument("--json", action="store_true", help="print records, versions and aliases as JSON")
    values = parser.parse(words)
    store = open_store(values)
    records = store.records()[::-1]
    if values.json:
        aliases, versions = store.aliases(), store.versions()
        say_json(
            {
                "name": store.name,
                "champion": store.champion,
                "aliases": aliases,
                "versions": versions,
                "updates": records,
            }
        )
    elif not records:
        say(f"{store.url} holds no update yet. Make one: vernal update CONFIG --store {store.url}")
    else:
        say(_table(store, records))
    return 0


def _table(store: Store, records: Sequence[Record]) -> Table:
    metric = records[0]["metrics"]["headline"]
    measured = [f"new {metric}", f"average {metric}", "forgetting", "time"]
    columns = ["", store.name, "id", "aliases", "made (UTC)", "chunk", "method", *measured, "decision"]
    left_out = _WIDE if console().width < _NARROW else ()
    lines = graph([(record["id"], record["parent"]) for record in records], plain=console().options.ascii_only)
    versions, fates = store.versions(), _fates(store)
    rows = []
    for line, record in zip(lines, records, strict=True):
        id = record["id"]
        name = [line, versions[id], id, aliases_of(store, id)]
        rows.append([*name, *_cells(record, metric), fates.get(id, "not promoted")])
    shown = [i for i, column in enumerate(columns) if column not in left_out]
    cut = [[row[i] for i in shown] for row in rows]
    return table([columns[i] for i in shown], cut, numbers=[name for name in measured if name not in left_out])


def _cells(record: Record, metric: str) -> list[str]:
    metrics = record["metrics"]
    summary = metrics.get("summary", {}) if metrics["headline"] == metric else {}  # Else it is of another metric.
    return [
        day_and_time(record),
        record["chunk"]["name"] or f"number {record['number']}",
        record["plan"]["method"]["name"] + (", tuned" if "tuning" in record else ""),
        number(on_new_chunk(record, metric)),
        number(summary.get(f"average_{metric}")),
        number(summary.get("forgetting")),
        duration(record["costs"]["total_seconds"]),
    ]


def _fates(store: Store) -> Mapping[str, str]:
    """What became of records: of those that were ever the champion, and of others that a gate has judged."""
    fates = _verdicts(store)
    for move in store.alias_history("champion"):
        if move.kind == "rollback" and move.replaced:
            fates[move.replaced] = "rolled back"
        if move.id:
            fates[move.id] = "promoted"
    return fates


def _verdicts(store: Store) -> dict[str, str]:
    """What gates have said last, in the words of the table."""
    database = store.database_if_any()
    if database is None:
        return {}
    from vernal.ledger import Loops

    said = Loops(database, store.id).outcomes("gate")
    return {id: _VERDICTS[outcome] for id, outcome in said.items() if outcome in _VERDICTS}
