"""Make an update the champion, or let another alias point to it.

The next update starts from the champion: from its model, and from its memory. Nothing is lost by a promotion, and
`vernal rollback` takes it back. If somebody else moves the same alias meanwhile, nothing happens.

Examples:
  vernal promote 3.2 --store runs/gas --why "better on all chunks"
  vernal promote 7c1e --store runs/gas --as challenger
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import say
from vernal.cli.views import named

if TYPE_CHECKING:
    from vernal.store import Store


def run(words: Sequence[str]) -> int:
    """Promote one record."""
    parser = Parser("promote", __doc__, "ID")
    parser.add_argument("id", metavar="ID", help="a version, an id or its beginning, or an alias")
    add_store(parser)
    parser.add_argument("--as", dest="alias", metavar="ALIAS", default="champion", help="the alias [default: champion]")
    parser.add_argument("--why", metavar="TEXT", default="", help="kept in the history")
    values = parser.parse(words)
    store = open_store(values)
    before = store.aliases().get(values.alias)
    after = store.find(values.id)
    if after == before:
        say(f"{named(store, after)} is the {values.alias} already.")
        return 0
    _move(store, values.alias, after, before, values.why)
    say(f"{named(store, after)} is the {values.alias} now; it replaces {named(store, before)}.")
    return 0


def _move(store: Store, alias: str, id: str, expected: str | None, why: str) -> None:
    if alias == "champion":
        store.promote(id, expected, why)
    else:
        store.point(alias, id, expected, why)
