"""Draw the lineage of a model as one HTML page.

It shows every chunk after every update, forgetting, costs, how hyperparameters were tuned, and what a loop decided.

The page needs nothing beside itself. It is drawn with matplotlib: pip install 'vernal[plots]'.

Example:
  vernal report --store runs/gas --output gas.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vernal.base import StateError
from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import say
from vernal.cli.trials import past_json

if TYPE_CHECKING:
    from vernal.report import Operation
    from vernal.store import Store


def run(words: Sequence[str]) -> int:
    """Write one report."""
    parser = Parser("report", __doc__, "[ID]")
    parser.add_argument(
        "id", metavar="ID", nargs="?", default="champion", help="the last update of the lineage: an id, or champion"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        default=Path("report.html"),
        help="where to write it [default: report.html]",
    )
    add_store(parser)
    values = parser.parse(words)
    from vernal.report import lineage_report

    store = open_store(values)
    records = store.lineage(values.id)
    tunings = {record["id"]: past_json(store, record) for record in records if "tuning" in record}
    page = lineage_report(records, f"The lineage of {values.id} in {store.url}", tunings, _operation(store))
    try:
        values.output.write_text(page)
    except OSError as error:
        raise StateError(f"{values.output} could not be written: {error}. Name another file: --output.") from error
    say(f"Wrote {values.output}. Open it in a browser.")
    return 0


def _operation(store: Store) -> Operation | None:
    """What loops decided for a store, and what became of its champion; None where there is no database."""
    database = store.database_if_any()
    if database is None:  # Its history is kept in files: no loop ever ran on it.
        return None
    from vernal.ledger import Loops
    from vernal.report import Operation

    loops = Loops(database, store.id)
    decisions = [
        {"time": one.time.isoformat(), "kind": one.kind, "subject": one.subject} | one.decision.to_json()
        for one in reversed(loops.decisions())
    ]
    return Operation(decisions, [vars(one) for one in store.alias_history("champion")])
