"""Show what was decided, when, and why: the history of the loops of a store, newest first.

Triggers say update, wait or keep; updates were made or failed; gates promoted, rejected or could not tell; and what
others did was noticed. With the number of a decision, all that it rests on is shown; with a version, an id or an alias,
what was decided about that model.

Examples:
  vernal decisions --store runs/fraud
  vernal decisions --store runs/fraud --kind gate --since 7d
  vernal decisions 42 --store runs/fraud
  vernal decisions challenger --store runs/fraud --json
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vernal.base import StateNotFound, check_whole
from vernal.cli.address import add_store, open_store
from vernal.cli.evidence import evidence_lines
from vernal.cli.parser import Parser
from vernal.cli.terminal import pairs, say, say_json, table

if TYPE_CHECKING:
    from datetime import datetime

    from rich.table import Table

    from vernal.ledger import Decided, Loops
    from vernal.store import Store

LIMIT = 20


def run(words: Sequence[str]) -> int:
    """List decisions, or show one."""
    values = _parser().parse(words)
    check_whole("limit", values.limit, 1)
    store = open_store(values)
    one = _numbered(store, int(values.which)) if _is_number(values.which) else None
    found = [one] if one else _wanted(store, values)
    if values.json:
        say_json([_plain(one) for one in found])
    elif one:
        say(*_shown(store, one))
    elif found:
        say(_table(found), *_rest(found, values))
    else:
        say(_nothing(store, values))
    return 0


def _parser() -> Parser:
    parser = Parser("decisions", __doc__, "[NUMBER|ID]")
    text = "one decision by its number; or a model whose decisions are wanted, by version, id or alias"
    parser.add_argument("which", metavar="NUMBER|ID", nargs="?", help=text)
    add_store(parser)
    parser.add_argument("--kind", metavar="KIND", help="only these: trigger, update, gate or noticed")
    text = "not earlier than this: a span such as 36h or 7d, or a day or moment such as 2026-03-01 (UTC)"
    parser.add_argument("--since", metavar="SPAN|TIME", help=text)
    parser.add_argument("--loop", metavar="NAME", help="of this loop only")
    parser.add_argument("--limit", metavar="N", type=int, default=LIMIT, help=f"at most so many [default: {LIMIT}]")
    parser.add_argument("--json", action="store_true", help="print decisions with all their evidence as JSON")
    return parser


def _loops(store: Store) -> Loops:
    from vernal.ledger import Loops

    return Loops(store.database(), store.id)


def _wanted(store: Store, values: Namespace) -> list[Decided]:
    """The decisions that the options ask for, newest first."""
    since = None if values.since is None else _moment(values.since)
    # Whose subject is meant, only we can tell, so then we count ourselves.
    limit = None if values.which else values.limit
    found = _loops(store).decisions(values.loop, values.kind, since, limit)
    if values.which is None:
        return found
    id = store.record(values.which)["id"]
    return [one for one in found if _is_about(one, id)][: values.limit]


def _is_number(which: str | None) -> bool:
    """Whether a decision is meant, and not the beginning of a model's id, which has twelve digits in all."""
    return which is not None and which.isdecimal() and len(which) < 12


def _is_about(decided: Decided, id: str) -> bool:
    """Whether a decision was about a model, alone or among several challengers."""
    judged = decided.evidence.get("challengers", []) if decided.kind == "gate" else []
    return decided.subject == id or id in [one["version"] for one in judged]


def _numbered(store: Store, number: int) -> Decided:
    found = next((one for one in _loops(store).decisions() if one.id == number), None)
    if found is None:
        raise StateNotFound(
            f"{store.url} has no decision number {number}. Their numbers: vernal decisions --store {store.url}"
        )
    return found


def _moment(text: str) -> datetime:
    """A moment: so long ago, or by the calendar."""
    from datetime import UTC, datetime

    from vernal.base import SystemClock, period

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return SystemClock().now() - period(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _table(found: Sequence[Decided]) -> Table:
    several = len({one.loop for one in found}) > 1
    columns = ["number", "time (UTC)", *(["loop"] if several else []), "kind", "outcome", "why"]
    rows = [
        [str(one.id), _time(one), *([one.loop] if several else []), one.kind, one.outcome, one.why] for one in found
    ]
    return table(columns, rows, numbers=["number"])


def _rest(found: Sequence[Decided], values: Namespace) -> list[str]:
    """What to do about decisions that are not shown."""
    if len(found) < values.limit:
        return []
    return ["", f"There may be older ones: --limit {10 * values.limit}"]


def _nothing(store: Store, values: Namespace) -> str:
    if any((values.which, values.kind, values.since, values.loop)):
        return f"{store.url} has no decision like that. All of them: vernal decisions --store {store.url}"
    return f"Nothing was decided for {store.url} yet. A loop decides: vernal run-once CONFIG --store {store.url}"


def _shown(store: Store, one: Decided) -> list[str | Table]:
    """One decision with all that it rests on."""
    facts = {
        "time": _time(one),
        "loop": f"{one.loop}, step {one.generation}",
        "kind": one.kind,
        "about": _called(store, one.subject),
        "outcome": one.outcome + (f", {one.decision.fires} times" if one.decision.fires > 1 else ""),
        "why": one.why,
    }
    return [f"Decision {one.id} of {store.url}", "", pairs(facts), "", *evidence_lines(one.evidence, one.why)]


def _called(store: Store, subject: str) -> str:
    """A model by its version, anything else as it is."""
    return f"{store.name}:{store.version(subject)} ({subject})" if subject in store.versions() else subject


def _plain(one: Decided) -> dict[str, Any]:
    return {
        "number": one.id,
        "time": one.time.isoformat(),
        "loop": one.loop,
        "step": one.generation,
        "kind": one.kind,
        "subject": one.subject,
    } | one.decision.to_json()


def _time(one: Decided) -> str:
    return one.time.strftime("%Y-%m-%d %H:%M:%S")
