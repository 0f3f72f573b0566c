"""Erase rows from all that a store keeps, for data-retention duties.

The ids are those that came with the chunks. Rows go from the memories of all updates, with --id-column from the tables
that loops have read from streams, and so do predictions and late labels. No file of the store holds the rows
afterwards, and the journal says when and why, without naming them. Two lists are told: the memories that held rows, and
the models that were trained with rows, kept or not, with all that descend from them. Models keep what they learned, so
those are to be trained anew where that is asked for. `vernal which` tells more of them, and erases nothing.

What is not the store's is yours to erase, and first, or it comes in again: files in folders that a loop watches, the
streams and databases themselves, tables that loops on other machines have read (run this there as well).

Examples:
  vernal erase --store runs/gas --ids customer-17,customer-18 --reason "request of 3 May"
  vernal erase --store runs/fraud --ids customer-17 --id-column customer
  vernal erase --store runs/gas --ids-file ids.txt --dry-run
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vernal.base import ConfigError, Problem
from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser, UsageError
from vernal.cli.terminal import say

if TYPE_CHECKING:
    from vernal.store import Store


def run(words: Sequence[str]) -> int:
    """Erase rows, or say which memories hold them."""
    parser = Parser("erase", __doc__)
    add_store(parser)
    parser.add_argument("--ids", metavar="A,B", help="the ids, with commas between them")
    parser.add_argument("--ids-file", metavar="FILE", type=Path, help="a text file with one id on each line")
    text = "the column of ids in the tables that loops have read from streams; without it those stay as they are"
    parser.add_argument("--id-column", metavar="NAME", help=text)
    parser.add_argument("--reason", metavar="TEXT", default="", help="kept in the journal")
    parser.add_argument("--dry-run", action="store_true", help="only say where they are, and who learned from them")
    values = parser.parse(words)
    ids = _ids(values)
    store = open_store(values)
    say(*(_looked(store, ids, values.id_column) if values.dry_run else _erased(store, ids, values)))
    return 0


def _looked(store: Store, ids: Sequence[str], column: str | None) -> list[str]:
    """Where rows are, and who learned from them."""
    from vernal.transaction import holds, trained_on, waiting

    found = waiting(store, ids, column)
    return [
        f"Memories that hold one of these {len(ids)} ids: {_listed(holds(store, ids))}. Nothing was erased.",
        *([f"Rows in tables that loops have read from streams: {found.rows}."] if found.rows else []),
        *_unsearched(found.unsearched, column),
        _trained(trained_on(store, ids)),
    ]


def _erased(store: Store, ids: Sequence[str], values: Namespace) -> list[str]:
    """Erase rows, and say from where."""
    from vernal.transaction import erase

    done = erase(store, ids, values.reason, values.id_column)
    after = " They hold none any more." if done.updates else ""
    return [
        f"Memories that held one of these {len(ids)} ids: {_listed(done.updates)}.{after}",
        *([f"Rows taken out of tables that loops have read from streams: {done.rows}."] if done.rows else []),
        *([f"Predictions and late labels removed: {done.outcomes}."] if done.outcomes else []),
        *_unsearched(done.unsearched, values.id_column),
        _trained(done.trained),
    ]


def _trained(updates: Sequence[str]) -> str:
    return f"Models that were trained with them, or descend from such: {_listed(updates)}."


def _unsearched(tables: Sequence[str], column: str | None) -> list[str]:
    """What is said of tables that may still hold the rows."""
    if not tables:
        return []
    what = f"{len(tables)} tables that loops have read from streams were not searched"
    if column is None:
        return [f"{what}, and may hold the rows. Name their column of ids: --id-column NAME"]
    return [
        f"{what}: they have no column {column!r} of texts or whole numbers. If they name the rows by another one, run "
        f"this again with that. They are: {', '.join(tables)}"
    ]


def _ids(values: Namespace) -> list[str]:
    ids = (values.ids or "").split(",")
    if values.ids_file is not None:
        ids += _lines(values.ids_file)
    ids = [stripped for id in ids if (stripped := id.strip())]
    if not ids:
        raise UsageError("Name the rows to erase: --ids A,B or --ids-file FILE")
    return ids


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem("--ids-file", f"{file} cannot be read: {error}.")]) from error


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids) or "none"
