"""Go back to an earlier champion: its model, its memory, and all else that the next update starts from.

Without an id it is the champion before the present one. What was gone back from stays in the store, and is not
returned to by the next rollback. If somebody else changes the champion meanwhile, nothing happens.

Examples:
  vernal rollback --store runs/gas --why "false alarms since Monday"
  vernal rollback 3.1 --store runs/gas --why "labels of March were wrong"
"""

from __future__ import annotations

from collections.abc import Sequence

from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import say
from vernal.cli.views import named


def run(words: Sequence[str]) -> int:
    """Roll the champion back."""
    parser = Parser("rollback", __doc__, "[ID]")
    parser.add_argument("id", metavar="ID", nargs="?", help="an earlier champion [default: the one before the present]")
    add_store(parser)
    parser.add_argument("--why", metavar="TEXT", default="", help="kept in the history")
    values = parser.parse(words)
    store = open_store(values)
    before = store.champion
    after = store.rollback(values.id, expected=before, why=values.why).champion
    say(f"{named(store, after)} is the champion again; {named(store, before)} is not.")
    return 0
