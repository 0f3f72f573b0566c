"""Show everything about one update.

What it was made from, how, how its values were chosen if it was tuned, what was measured before and after it on every
chunk so far, what it cost, and why it became the champion or did not. Without an id it is the champion that is shown;
a version, an alias, or the beginning of an id will do.

Examples:
  vernal show --store runs/gas
  vernal show gas:3.2 --store runs/gas
  vernal show 7c1e --store runs/gas --json
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import pairs, say, say_json, size
from vernal.cli.trials import search_shown
from vernal.cli.views import Record, aliases_of, chunk_table, costs, method, settings, span, summary, terms

if TYPE_CHECKING:
    from vernal.store import Store


def run(words: Sequence[str]) -> int:
    """Show one record."""
    parser = Parser("show", __doc__, "[ID]")
    parser.add_argument(
        "id",
        metavar="ID",
        nargs="?",
        default="champion",
        help="a version, an id or its beginning, or an alias [default: champion]",
    )
    add_store(parser)
    parser.add_argument("--json", action="store_true", help="print the record as JSON")
    values = parser.parse(words)
    store = open_store(values)
    record = store.record(values.id)
    if values.json:
        say_json(record)
        return 0
    id, aliases = record["id"], aliases_of(store, record["id"])
    say(f"Update {id}{f', the {aliases}' if aliases else ''}, in {store.url}", "")
    name = {"version": f"{store.name}:{store.version(id)}"}
    say(pairs(name | _origin(record) | _verdict(store, id) | _moves(store, id)), "")
    if "tuning" in record:
        say(*search_shown(store, record), "")
    say(chunk_table(record), "")
    say(pairs(summary(record) | costs(record)), "", pairs(_artefacts(record)))
    return 0


def _origin(record: Record) -> dict[str, str]:
    chunk, plan, memory, decision = record["chunk"], record["plan"], record["memory"], record["decision"]
    kept = f"{memory['rows']} of {memory['seen']} rows seen" if memory else "none"
    return {
        "made": record["created"],
        "from": _parent(record),
        "chunk": f"{chunk['name'] or 'without a name'}, {chunk['rows']} rows, fingerprint {chunk['fingerprint'][:12]}",
        "times": span(chunk["times"]) if chunk["times"] else "not given",
        "config": f"{record['config']}, digest {plan['config']['digest'][:12]}",
        "arguments": settings(plan["arguments"]),
        "method": method(record),
        "terms": terms(record),
        "training": settings(plan["training"]),
        "seed": str(plan["seed"]),
        "memory": kept,
        "decision": decision["why"],
        "made with": settings(record["environment"]),
    }


def _verdict(store: Store, id: str) -> dict[str, str]:
    """What a gate has said of a record, if one has."""
    database = store.database_if_any()
    if database is None:
        return {}
    from vernal.ledger import Loops

    said = [one for one in Loops(database, store.id).decisions(kind="gate") if one.subject == id]
    return {"gate": f"{said[0].outcome}: {said[0].why}"} if said else {}


def _moves(store: Store, id: str) -> dict[str, str]:
    """When aliases were moved to a record and away from it, and why."""
    moves = [move for alias in store.aliases() for move in store.alias_history(alias) if id in (move.id, move.replaced)]
    return {
        f"{move.alias} {'since' if move.id == id else 'until'}": f"{move.time[:16]}: {move.kind} {move.why}".rstrip()
        for move in sorted(moves, key=lambda move: move.time)
    }


def _parent(record: Record) -> str:
    if record["parent"] is None:
        return "nothing: a first update"
    changed = record.get("architecture_changed", False)  # Older records do not say.
    return f"{record['parent']}{', carried into another architecture' if changed else ''}"


def _artefacts(record: Record) -> dict[str, str]:
    return {
        name: f"blob {artefact['blob'][:12]}, {size(artefact['bytes'])}"
        for name, artefact in record["artefacts"].items()
    }
