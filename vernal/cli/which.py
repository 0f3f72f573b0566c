"""Say which models were trained on a row of data, and which memories hold it.

A model counts if it learned from the row itself, or comes from one that did. What is asked for are the ids that came
with the chunks. With --id-column the tables that loops on this machine have read from streams are searched as well.

Examples:
  vernal which customer-17 --store runs/gas
  vernal which customer-17 customer-18 --store runs/gas --json
  vernal which customer-17 --store runs/fraud --id-column customer
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import say, say_json, table
from vernal.cli.views import aliases_of

if TYPE_CHECKING:
    from vernal.sources import Found
    from vernal.store import Store


def run(words: Sequence[str]) -> int:
    """Look for rows."""
    parser = Parser("which", __doc__, "SAMPLE_ID...")
    parser.add_argument("ids", metavar="SAMPLE_ID", nargs="+", help="the id of a row")
    add_store(parser)
    text = "the column of ids in the tables that loops have read from streams"
    parser.add_argument("--id-column", metavar="NAME", help=text)
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    values = parser.parse(words)
    store = open_store(values)
    from vernal.transaction import holds, trained_on, waiting

    trained, held = trained_on(store, values.ids), holds(store, values.ids)
    found = waiting(store, values.ids, values.id_column)
    if values.json:
        tables = {"tables": [*found.tables], "unsearched": [*found.unsearched]}
        say_json({"ids": values.ids, "trained": trained, "held": held, **tables, "versions": store.versions()})
        return 0
    if trained or held:
        _tell(store, trained, held)
    else:
        say(f"No model in {store.url} was trained on {_rows(values.ids)}, and no memory holds it.")
    if told := _tables(found):
        say(*told)
    if held or found.tables:
        say("To erase it from all of these:", f"  {_erasure(store, values.ids, values.id_column)}")
    return 0


def _tell(store: Store, trained: Sequence[str], held: Sequence[str]) -> None:
    versions = {id: version for id, version in store.versions().items() if id in {*trained, *held}}
    rows = [
        [version, id, aliases_of(store, id), "yes" if id in trained else "no", "yes" if id in held else "no"]
        for id, version in versions.items()
    ]
    say(table([store.name, "id", "aliases", "trained on it", "memory holds it"], rows), "")
    if trained:
        names = ", ".join(f"{store.name}:{versions[id]}" for id in trained)
        say(f"An erasure takes nothing out of weights. To be trained anew, where that is asked for: {names}.")


def _tables(found: Found) -> list[str]:
    """Where rows lie in tables, and which tables nobody has searched."""
    lines = [f"{found.rows} rows with such ids lie in: {', '.join(found.tables)}"] if found.tables else []
    if found.unsearched:
        lines.append(
            f"{len(found.unsearched)} tables that loops have read from streams were not searched. Name their column of "
            "ids, if they have one: --id-column NAME"
        )
    return lines


def _erasure(store: Store, ids: Sequence[str], column: str | None) -> str:
    named = [] if column is None else ["--id-column", column]
    return shlex.join(["vernal", "erase", "--store", store.url, "--ids", ",".join(ids), *named, "--reason", "..."])


def _rows(ids: Sequence[str]) -> str:
    return f"row {ids[0]!r}" if len(ids) == 1 else f"any of these {len(ids)} rows"
