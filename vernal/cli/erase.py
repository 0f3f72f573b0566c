"""Erase rows from all memories of all updates, for data-retention duties.

The ids are those that came with the chunks. No file of the store holds the rows afterwards, and the journal says when
and why, without naming them. Two lists are told: the memories that held rows, and the models that were trained with
rows, kept or not, with all that descend from them. Models keep what they learned, so those are to be trained anew where
that is asked for. `vernal which` tells more of them, and erases nothing.

Examples:
  vernal erase --store runs/gas --ids customer-17,customer-18 --reason "request of 3 May"
  vernal erase --store runs/gas --ids-file ids.txt --dry-run
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from vernal.base import ConfigError, Problem
from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser, UsageError
from vernal.cli.terminal import say


def run(words: Sequence[str]) -> int:
    """Erase rows, or say which memories hold them."""
    parser = Parser("erase", __doc__)
    add_store(parser)
    parser.add_argument("--ids", metavar="A,B", help="the ids, with commas between them")
    parser.add_argument("--ids-file", metavar="FILE", type=Path, help="a text file with one id on each line")
    parser.add_argument("--reason", metavar="TEXT", default="", help="kept in the journal")
    parser.add_argument("--dry-run", action="store_true", help="only say where they are, and who learned from them")
    values = parser.parse(words)
    ids = _ids(values)
    store = open_store(values)
    from vernal.transaction import erase, holds, trained_on

    if values.dry_run:
        say(f"Memories that hold one of these {len(ids)} ids: {_listed(holds(store, ids))}. Nothing was erased.")
        trained: Sequence[str] = trained_on(store, ids)
    else:
        erasure = erase(store, ids, values.reason)
        after = " They hold none any more." if erasure.updates else ""
        say(f"Memories that held one of these {len(ids)} ids: {_listed(erasure.updates)}.{after}")
        trained = erasure.trained
    say(f"Models that were trained with them, or descend from such: {_listed(trained)}.")
    return 0


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
