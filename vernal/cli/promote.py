"""Make an update the champion; going back to an earlier one is a rollback.

The next update starts from the champion: from its model, and from its memory. Nothing is lost by a promotion, and it
can be taken back by another one. If somebody else changes the champion meanwhile, nothing happens.

Examples:
  vernal promote 7c1e --store runs/gas
"""

from __future__ import annotations

from collections.abc import Sequence

from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import say


def run(words: Sequence[str]) -> int:
    """Promote one record."""
    parser = Parser("promote", __doc__, "ID")
    parser.add_argument("id", metavar="ID", help="an id, or its beginning")
    add_store(parser)
    values = parser.parse(words)
    store = open_store(values)
    before = store.champion
    after = store.promote(values.id, expected=before).champion
    if after == before:
        say(f"{after} is the champion already.")
    else:
        say(f"{after} is the champion now; it replaces {before or 'none'}.")
    return 0
