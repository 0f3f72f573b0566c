"""Remove from a store what no update needs.

Killed processes leave files that belong to no update. Those that are older than the grace period are removed; younger
ones may belong to an update that is being made. What any update in the log needs always stays.

Loops keep more: tables that they have read from streams, for training from scratch wants them again; predictions and
late labels. Of that nothing is removed unless it is asked for: with --loop-older-than go tables of that age that no
loop and no update names any more, such as those that were joined with labels; predictions; and labels that no waiting
row needs. Choose it longer than any label or row takes to come, for what comes so late finds its other half gone.

Examples:
  vernal gc --store runs/gas --grace-days 2
  vernal gc --store runs/fraud --loop-older-than 365d
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from vernal.base import check_range, period
from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import say, size

if TYPE_CHECKING:
    from pathlib import Path

    from vernal.store import Store


def run(words: Sequence[str]) -> int:
    """Collect the garbage of a store."""
    parser = Parser("gc", __doc__)
    add_store(parser)
    parser.add_argument(
        "--grace-days", metavar="DAYS", type=float, default=14.0, help="younger files stay [default: 14]"
    )
    text = "also what loops have kept for so long and nobody can want again, e.g. 365d [default: nothing of it]"
    parser.add_argument("--loop-older-than", metavar="SPAN", help=text)
    values = parser.parse(words)
    check_range("--grace-days", values.grace_days, 0)
    older_than = None if values.loop_older_than is None else period(values.loop_older_than)
    store = open_store(values)
    garbage = store.gc(timedelta(days=values.grace_days))
    say(f"Removed {len(garbage.blobs)} blobs ({size(garbage.n_bytes)}) and {len(garbage.files)} temporary files.")
    if told := _of_loops(store, older_than):
        say(*told)
    return 0


def _of_loops(store: Store, older_than: timedelta | None) -> list[str]:
    """What was removed of what loops keep, and what is left."""
    from vernal.store import collect_from_loops, read_inboxes

    told = []
    if older_than is not None:
        gone = collect_from_loops(store, older_than)
        what = f"{len(gone.tables)} tables of loops ({size(gone.n_bytes)})"
        told.append(f"Removed {what} and {gone.outcomes} predictions and late labels.")
    left = read_inboxes(store)
    if left.tables:
        unnamed = f"{len(left.unnamed)} of them ({size(_bytes_of(left.unnamed))}) are named by no loop and no update"
        told.append(f"Loops keep {len(left.tables)} tables ({size(_bytes_of(left.tables))}); {unnamed}.")
    if left.unnamed and older_than is None:
        told.append("To remove those that are old: --loop-older-than 365d")
    return told


def _bytes_of(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)
