"""Update a model with a new chunk of data, without forgetting the earlier ones.

The config file says where the data comes from and what the model is. The first update makes the store; each further
one starts from the champion there, with its model and its memory. Nothing is visible before everything is written. The
same command again costs nothing if the update was made, and goes on from the last checkpoint if it was interrupted.

The arguments of the functions in the config file are options as well; name the file to see them here.

A value may be a range: then the update is tuned, and the model of the best trial is the one that it makes. See the
options under "tuning" below.

Examples:
  vernal update config.py --store runs/gas --batch 1
  vernal update config.py --store runs/gas --batch 2 --method derpp --memory-size 1000 --budget 10ep
  vernal update config.py --store runs/gas --files in/monday.parquet in/tuesday.parquet
  vernal update config.py --store runs/gas --batch 3 --lr 'loguniform(1e-4, 1e-1)' --max-minutes 30
  vernal update config.py --help
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from vernal.cli.address import open_store, store_address
from vernal.cli.line import read_line
from vernal.cli.progress import reporting
from vernal.cli.terminal import pairs, say, say_json
from vernal.cli.trials import search_shown
from vernal.cli.views import chunk_table, costs, summary

if TYPE_CHECKING:
    from vernal.store import Store
    from vernal.transaction import Result


def run(words: Sequence[str]) -> int:
    """Make one update."""
    # What the user's own functions print must not come between JSON and its reader.
    with redirect_stdout(sys.stderr if "--json" in words else sys.stdout):
        result, store, log = _update(words)
    if "--json" in words:
        say_json(result.record)
        return 0
    say("", _headline(result, store), "")
    if "tuning" in result.record:
        say(*search_shown(store, result.record), "")
    _show(result, store, log)
    return 0


def _update(words: Sequence[str]) -> tuple[Result, Store, Path]:
    line = read_line("update", __doc__, words)
    store_address(line.values)  # Better now than after the libraries have been loaded.
    from vernal.transaction import update

    store = open_store(line.values, create=True)
    with reporting(store, shlex.join(["vernal", "update", *words])) as (reporter, log):
        given = line.values
        result = update(
            line.plan, store, parent=given.parent, promote=given.promote, scratch=given.scratch, reporter=reporter
        )
        reporter.note(f"update {result.id}")
    return result, store, log


def _show(result: Result, store: Store, log: Path) -> None:
    record = result.record
    say(chunk_table(record), "")
    say(pairs(summary(record) | costs(record) | {"store": result.store, "log": str(log)}), "")
    say("Next:", pairs(_next_commands(result, store)))


def _headline(result: Result, store: Store) -> str:
    record, chunk = result.record, result.record["chunk"]
    if result.repeated:
        return f"Update {result.id} was made before, of the same data, plan and code. Nothing was done."
    anew = "the first" if len(store.versions()) == 1 else "from scratch"
    parent = f"from {record['parent']}" if record["parent"] else anew
    fate = "the champion now" if result.promoted else "kept beside the champion"
    return f"Update {result.id}, {parent}: learned {chunk['name'] or 'a chunk'} ({chunk['rows']} rows); {fate}."


def _next_commands(result: Result, opened: Store) -> dict[str, str]:
    store = f"--store {shlex.quote(result.store)}"
    commands = {
        f"  vernal show {result.id} {store}": "everything about it",
        f"  vernal log {store}": "all updates so far",
    }
    if not result.promoted:
        return commands | {f"  vernal promote {result.id} {store}": "make it the champion"}
    if len(opened.alias_history("champion")) > 1:
        return commands | {f"  vernal rollback {store}": "go back to the one before"}
    return commands
