"""Remove from a store what no update needs.

Killed processes leave files that belong to no update. Those that are older than the grace period are removed; younger
ones may belong to an update that is being made. What any update in the log needs always stays.

Example:
  vernal gc --store runs/gas --grace-days 2
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from vernal.base import check_range
from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import say, size


def run(words: Sequence[str]) -> int:
    """Collect the garbage of a store."""
    parser = Parser("gc", __doc__)
    add_store(parser)
    parser.add_argument(
        "--grace-days", metavar="DAYS", type=float, default=14.0, help="younger files stay [default: 14]"
    )
    values = parser.parse(words)
    check_range("--grace-days", values.grace_days, 0)
    garbage = open_store(values).gc(timedelta(days=values.grace_days))
    say(f"Removed {len(garbage.blobs)} blobs ({size(garbage.n_bytes)}) and {len(garbage.files)} temporary files.")
    return 0
