"""Read everything in a store anew, and report whatever is damaged or missing.

Every file is hashed and compared with its name, the chain of the history is followed, its database is checked, and
every record must find all that it needs. It takes as long as reading the whole store. The exit code is 1 if there are
problems.

Example:
  vernal verify --store runs/gas
"""

from __future__ import annotations

from collections.abc import Sequence

from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import say


def run(words: Sequence[str]) -> int:
    """Verify a store."""
    parser = Parser("verify", __doc__)
    add_store(parser)
    store = open_store(parser.parse(words))
    problems = store.verify()
    if problems:
        say(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in {store.url}:")
        say(*(f"- {problem}" for problem in problems))
        return 1
    say(f"{store.url} is whole: {len(store.records())} updates, {sum(1 for _ in store.blobs)} blobs.")
    return 0
